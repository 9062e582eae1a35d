"""Datagram sockets: who sent it, to which of our addresses, and whether it may be fragmented.

Option numbers from linux/in.h and linux/in6.h; Python names only some of them.
"""

from __future__ import annotations

import socket
import struct
from typing import Any, NamedTuple

IP_PKTINFO = 8
IP_MTU_DISCOVER = 10
IPV6_MTU_DISCOVER = 23
IPV6_RECVPKTINFO = 49
IPV6_PKTINFO = 50
IPV6_DONTFRAG = 62
_PMTUDISC_DONT = 0
_PMTUDISC_PROBE = 3


class Datagram(NamedTuple):
    """A datagram as it came in."""

    data: bytes
    peer: Any  # socket address of the sender
    local: bytes  # the packed address of ours that it was sent to, b"" when the kernel did not say


def fragment(sock: socket.socket, *, allowed: bool) -> None:
    """Let what is sent from now on be fragmented, or set DF on it.

    With DF the path MTU that the kernel remembers is left aside (``IP_PMTUDISC_PROBE``): each probe shall meet the
    network as it is now, not as it was at the last ICMP message.
    """
    mode = _PMTUDISC_DONT if allowed else _PMTUDISC_PROBE
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, mode)
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_DONTFRAG, 0 if allowed else 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, mode)


def want_local_address(sock: socket.socket) -> None:
    """Make a socket tell to which local address each datagram was sent."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)


def receive(sock: socket.socket) -> Datagram:
    """Take one datagram. Raises BlockingIOError when there is none."""
    data, ancillary, _, peer = sock.recvmsg(65535, 256)
    for level, kind, value in ancillary:
        if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
            return Datagram(data, peer, value[8:12])
        if (level, kind) == (socket.IPPROTO_IPV6, IPV6_PKTINFO):
            return Datagram(data, peer, value[:16])
    return Datagram(data, peer, b"")


def answer(sock: socket.socket, data: bytes, request: Datagram) -> None:
    """Answer a datagram from the address that it was sent to, also on a host with many addresses."""
    sock.sendmsg([data], _from(request.local), 0, request.peer)


def _from(local: bytes) -> list[tuple[int, int, bytes]]:
    if len(local) == 4:
        return [(socket.IPPROTO_IP, IP_PKTINFO, struct.pack("=i4s4s", 0, local, b"\0" * 4))]
    if len(local) == 16:
        return [(socket.IPPROTO_IPV6, IPV6_PKTINFO, local + struct.pack("=i", 0))]
    return []


def host(address: Any) -> str:
    """Return the IP address of a socket address, without a scope."""
    return str(address[0]).split("%")[0]
