"""Ending UDP flows to endpoints that are gone: clients go on with the same ports, so conntrack would never choose anew.

Speaks ctnetlink itself (linux/netfilter/nfnetlink_conntrack.h), so the tool conntrack is not needed.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

NETLINK_NETFILTER = 12
NEW, GET, DELETE = (1 << 8) | 0, (1 << 8) | 1, (1 << 8) | 2  # NFNL_SUBSYS_CTNETLINK with IPCTNL_MSG_CT_*
REQUEST, ACK, DUMP = 0x1, 0x4, 0x300
ERROR, DONE = 2, 3
TUPLE_ORIG, TUPLE_REPLY = 1, 2
TUPLE_IP, TUPLE_PROTO = 1, 2
SOURCE = {4: 1, 16: 3}  # CTA_IP_V4_SRC, CTA_IP_V6_SRC by the length of what they hold; the destination's is one more
PROTO_NUMBER, PROTO_SOURCE, PROTO_TARGET = 1, 2, 3
NESTED = 0x8000
AT_ONCE = 200

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


def end_flows(addresses: Collection[str], doomed: Callable[[Flow], bool]) -> int:
    """End the UDP flows to one of ``addresses`` for which ``doomed`` is true; return how many.

    It is done in the network namespace of the calling thread.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as netlink:
        netlink.bind((0, 0))
        found = [flow for flow in _flows(netlink, addresses) if doomed(flow)]
        for start in range(0, len(found), AT_ONCE):
            _end(netlink, found[start : start + AT_ONCE])
    return len(found)


def _flows(netlink: socket.socket, addresses: Collection[str]) -> Iterator[Flow]:
    """The UDP flows to some addresses. There can be tens of thousands of others, so those are not looked at closely."""
    packed = [ipaddress.ip_address(address).packed for address in addresses]
    netlink.send(_message(GET, REQUEST | DUMP, socket.AF_UNSPEC, b""))
    for kind, body in _answers(netlink):
        if kind == NEW and any(address in body for address in packed):
            flow = _flow(body[0], dict(_attributes(body[FAMILY.size :])))
            if flow is not None and flow.wanted[0] in addresses:
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


def _end(netlink: socket.socket, flows: Sequence[Flow]) -> None:
    """End some flows by one system call. One that has ended by itself meanwhile is fine."""
    netlink.send(b"".join(_message(DELETE, REQUEST | ACK, flow.family, flow.name) for flow in flows))
    for _ in flows:
        for _ in _answers(netlink, fine=errno.ENOENT):
            pass


def _message(kind: int, flags: int, family: int, attributes: bytes) -> bytes:
    body = FAMILY.pack(family, 0, 0) + attributes
    return HEADER.pack(HEADER.size + len(body), kind, flags, 1, 0) + body


def _answers(netlink: socket.socket, fine: int = 0) -> Iterator[tuple[int, bytes]]:
    """The messages up to the end of an answer. Raises OSError for what the kernel refuses, but for the error ``fine``.

    Acknowledgements come one by one; only the parts of a long answer share what is read at once.
    """
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
                if number and -number != fine:
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
