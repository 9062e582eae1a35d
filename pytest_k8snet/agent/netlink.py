"""Addresses, links and routes of this network namespace, read over rtnetlink (``rtnetlink(7)``)."""

from __future__ import annotations

import os
import socket
import struct
from typing import Any, Iterator

_GETLINK, _GETADDR, _GETROUTE = 18, 22, 26
_ERROR, _DONE = 2, 3
_REQUEST_DUMP = 0x301
_HEADER = struct.Struct("=IHHII")
_FAMILIES = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}
_SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
_ROUTE_TYPES = {
    1: "unicast",
    2: "local",
    3: "broadcast",
    5: "multicast",
    6: "blackhole",
    7: "unreachable",
    8: "prohibit",
}
_MAIN_TABLE = 254


def links() -> list[dict[str, Any]]:
    """Return the interfaces: index, dev, mtu, mac and whether it is up."""
    found = []
    for body in _dump(_GETLINK, struct.pack("=BxHiII", socket.AF_UNSPEC, 0, 0, 0, 0)):
        _, _, index, flags, _ = struct.unpack_from("=BxHiII", body)
        attributes = _attributes(body[16:])
        found.append(
            {
                "index": index,
                "dev": attributes.get(3, b"").rstrip(b"\0").decode(),
                "mtu": _number(attributes.get(4)),
                "mac": ":".join(f"{byte:02x}" for byte in attributes.get(1, b"")),
                "up": bool(flags & 1),
            }
        )
    return found


def addresses() -> list[dict[str, Any]]:
    """Return the addresses: dev, address, prefix length, family and scope."""
    names = {link["index"]: link["dev"] for link in links()}
    found = []
    for body in _dump(_GETADDR, struct.pack("=BBBBi", socket.AF_UNSPEC, 0, 0, 0, 0)):
        family, prefix, _, scope, index = struct.unpack_from("=BBBBi", body)
        attributes = _attributes(body[8:])
        packed = attributes.get(2) or attributes.get(1)  # the local end of a point-to-point link, else the address
        if family in _FAMILIES and packed:
            found.append(
                {
                    "dev": names.get(index, str(index)),
                    "address": socket.inet_ntop(family, packed),
                    "prefix": prefix,
                    "family": _FAMILIES[family],
                    "scope": _SCOPES.get(scope, str(scope)),
                }
            )
    return found


def routes() -> list[dict[str, Any]]:
    """Return the main table: family, destination, gateway, dev, preferred source, type, metric and MTU (0: none)."""
    names = {link["index"]: link["dev"] for link in links()}
    found = []
    for body in _dump(_GETROUTE, struct.pack("=BBBBBBBBI", socket.AF_UNSPEC, 0, 0, 0, 0, 0, 0, 0, 0)):
        family, length, _, _, table, _, _, kind, _ = struct.unpack_from("=BBBBBBBBI", body)
        attributes = _attributes(body[12:])
        if family not in _FAMILIES or _number(attributes.get(15), table) != _MAIN_TABLE:
            continue
        unspecified = b"\0" * (4 if family == socket.AF_INET else 16)
        found.append(
            {
                "family": _FAMILIES[family],
                "destination": f"{socket.inet_ntop(family, attributes.get(1, unspecified))}/{length}",
                "gateway": _address(family, attributes.get(5)) or _via(attributes.get(18)),
                "dev": names.get(_number(attributes.get(4)), ""),
                "source": _address(family, attributes.get(7)),
                "type": _ROUTE_TYPES.get(kind, str(kind)),
                "metric": _number(attributes.get(6)),
                "mtu": _number(_attributes(attributes.get(8, b"")).get(2)),
            }
        )
    return found


def _dump(request: int, body: bytes) -> Iterator[bytes]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.bind((0, 0))
        netlink.send(_HEADER.pack(_HEADER.size + len(body), request, _REQUEST_DUMP, 1, 0) + body)
        while True:
            data = netlink.recv(1 << 18)
            while data:
                length, kind, _, _, _ = _HEADER.unpack_from(data)
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    (code,) = struct.unpack_from("=i", data, _HEADER.size)
                    raise OSError(-code, f"rtnetlink request {request}: {os.strerror(-code)}")
                yield data[_HEADER.size : length]
                data = data[(length + 3) & ~3 :]


def _attributes(data: bytes) -> dict[int, bytes]:
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def _number(data: bytes | None, default: int = 0) -> int:
    return int(struct.unpack("=I", data)[0]) if data else default


def _address(family: int, packed: bytes | None) -> str:
    return socket.inet_ntop(family, packed) if packed else ""


def _via(data: bytes | None) -> str:
    """Return the gateway of another family than the route's (RTA_VIA)."""
    if not data:
        return ""
    (family,) = struct.unpack_from("=H", data)
    return socket.inet_ntop(family, data[2:])
