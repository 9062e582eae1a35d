"""Ending UDP flows to endpoints that are gone: clients go on with the same ports, so conntrack would never choose anew.

Speaks ctnetlink itself (linux/netfilter/nfnetlink_conntrack.h), so the tool conntrack is not needed.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

NETLINK_NETFILTER = 12
GET, DELETE = (1 << 8) | 1, (1 << 8) | 2  # NFNL_SUBSYS_CTNETLINK with IPCTNL_MSG_CT_GET and _DELETE
REQUEST, ACK, DUMP = 0x1, 0x4, 0x300
ERROR, DONE = 2, 3
TUPLE_ORIG, TUPLE_REPLY = 1, 2
TUPLE_IP, TUPLE_PROTO = 1, 2
SOURCE = {4: 1, 16: 3}  # CTA_IP_V4_SRC, CTA_IP_V6_SRC by the length of what they hold; the destination's is one more
PROTO_NUMBER, PROTO_SOURCE, PROTO_TARGET = 1, 2, 3
NESTED = 0x8000

HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
FAMILY = struct.Struct("=BBH")  # struct nfgenmsg
ATTRIBUTE = struct.Struct("=HH")


@dataclass(frozen=True)
class Flow:
    """A UDP flow: where it was sent, and where it went. ``name`` is how netlink calls it."""

    wanted: tuple[str, int]
    reached: tuple[str, int]
    family: int
    name: bytes


def end_flows(doomed: Callable[[Flow], bool]) -> int:
    """End the UDP flows for which ``doomed`` is true, in the calling thread's network namespace; return how many."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as netlink:
        netlink.bind((0, 0))
        found = [flow for flow in _flows(netlink) if doomed(flow)]
        for flow in found:
            _end(netlink, flow)
    return len(found)


def _flows(netlink: socket.socket) -> Iterator[Flow]:
    _send(netlink, GET, REQUEST | DUMP, socket.AF_UNSPEC, b"")
    for kind, body in _answers(netlink):
        if kind == GET & ~0xFF:  # IPCTNL_MSG_CT_NEW, in which an entry is told
            family = body[0]
            attributes = dict(_attributes(body[FAMILY.size :]))
            flow = _flow(family, attributes)
            if flow is not None:
                yield flow


def _flow(family: int, attributes: dict[int, bytes]) -> Flow | None:
    original, reply = dict(_attributes(attributes[TUPLE_ORIG])), dict(_attributes(attributes[TUPLE_REPLY]))
    protocol, answered = dict(_attributes(original[TUPLE_PROTO])), dict(_attributes(reply[TUPLE_PROTO]))
    if protocol[PROTO_NUMBER][0] != socket.IPPROTO_UDP:
        return None
    named = _attribute(TUPLE_ORIG | NESTED, attributes[TUPLE_ORIG])
    return Flow(
        wanted=(_address(original[TUPLE_IP], target=True), _port(protocol[PROTO_TARGET])),
        reached=(_address(reply[TUPLE_IP], target=False), _port(answered[PROTO_SOURCE])),
        family=family,
        name=named,
    )


def _end(netlink: socket.socket, flow: Flow) -> None:
    _send(netlink, DELETE, REQUEST | ACK, flow.family, flow.name)
    for _ in _answers(netlink, gone=errno.ENOENT):
        pass


def _send(netlink: socket.socket, kind: int, flags: int, family: int, attributes: bytes) -> None:
    body = FAMILY.pack(family, 0, 0) + attributes
    netlink.send(HEADER.pack(HEADER.size + len(body), kind, flags, 1, 0) + body)


def _answers(netlink: socket.socket, gone: int = 0) -> Iterator[tuple[int, bytes]]:
    """The messages up to the end of the answer. Raises OSError, but for the error number ``gone``."""
    while True:
        data = netlink.recv(1 << 18)
        at = 0
        while at < len(data):
            length, kind, _, _, _ = HEADER.unpack_from(data, at)
            body = data[at + HEADER.size : at + length]
            if kind == DONE:
                return
            if kind == ERROR:
                (number,) = struct.unpack_from("=i", body)
                if number and -number != gone:
                    raise OSError(-number, f"conntrack: {os.strerror(-number)}")
                return
            yield kind, body
            at += (length + 3) & ~3


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, at)
        yield kind & 0x3FFF, data[at + ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3


def _attribute(kind: int, value: bytes) -> bytes:
    return ATTRIBUTE.pack(ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)


def _address(data: bytes, *, target: bool) -> str:
    values = dict(_attributes(data))
    for length, kind in SOURCE.items():
        if (value := values.get(kind + target)) is not None and len(value) == length:
            return str(ipaddress.ip_address(value))
    raise ValueError(f"conntrack tells an address in a way that is not known: {values}")


def _port(data: bytes) -> int:
    return int.from_bytes(data, "big")
