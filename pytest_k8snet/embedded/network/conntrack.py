"""Forgetting connections: what the conntrack tool does, by one netlink message."""

from __future__ import annotations

import os
import socket
import struct

NETLINK_NETFILTER = 12
DELETE_CONNECTION = (1 << 8) | 2  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE; without a tuple it means all
REQUEST_WITH_ACK = 0x1 | 0x4
HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
ANSWER = struct.Struct("=IHHIIi")  # with the errno of NLMSG_ERROR


def forget_connections() -> None:
    """Delete all conntrack entries of the network namespace of the calling thread, so that NAT begins anew."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as netlink:
        netlink.bind((0, 0))
        body = struct.pack("=BBH", socket.AF_UNSPEC, 0, 0)
        netlink.send(HEADER.pack(HEADER.size + len(body), DELETE_CONNECTION, REQUEST_WITH_ACK, 1, 0) + body)
        error = ANSWER.unpack_from(netlink.recv(4096))[5]
    if error:
        raise OSError(-error, f"conntrack could not be emptied: {os.strerror(-error)}")
