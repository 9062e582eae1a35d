"""A detour through this process for what a node sends to the pods of another: it can hold packets back.

For kernels that cannot delay packets (netem). The routes lead into a veth pair, from whose other end the frames are
read; later they leave by the node's eth0 as they would have. The kernel's own header (``PACKET_VNET_HDR``) goes with
each, so that checksums and long segments that are to be finished by the hardware still are.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from pytest_k8snet.embedded.network.netns import NetNs
from pytest_k8snet.embedded.network.node import Node

DEVICE, OTHER_END = "detour", "detour-in"
NOBODYS_MAC = "02:00:00:00:de:70"
"""The other end has another one, so the kernel leaves the frames to us."""

NEXT_HOPS = {4: "169.254.7.1", 6: "fe80::de:70"}
_ALL_PROTOCOLS = 3
_SOL_PACKET, _VNET_HEADER = 263, 15
_HEADER = 10
_LONGEST = 1 << 17
_SEND_FORCED, _RECEIVE_FORCED = 32, 33  # SO_SNDBUFFORCE and SO_RCVBUFFORCE of socket(7)
_WAITING = 1 << 24
"""Bytes that may wait: three long segments fill the usual buffer, and what is delayed should not be lost as well."""


class Detour:
    """From the pods and processes of ``here`` to the pods of ``there``, ``seconds`` late."""

    def __init__(self, here: Node, there: Node, seconds: float) -> None:
        self._here, self._there = here, there
        self._seconds = seconds
        self._sockets: list[socket.socket] = []
        self._macs = b""

    async def open(self) -> None:
        """Make the pair and lead the routes there, in place of those that were cut."""
        netns = self._here.netns
        await netns.ip(
            f"link add {DEVICE} type veth peer name {OTHER_END}",
            *(f"link set {device} addrgenmode none up" for device in (DEVICE, OTHER_END)),
        )
        self._macs = await _mac(self._there.netns) + await _mac(netns)
        reading, writing = await _packets(netns, OTHER_END), await _packets(netns, "eth0", receives=False)
        self._sockets = [reading, writing]
        asyncio.get_running_loop().add_reader(reading.fileno(), self._take, reading, writing)
        await netns.ip(*(command for version in NEXT_HOPS for command in self._routes(version)))

    async def close(self) -> None:
        """Pass on nothing more; the routes go with the pair."""
        for sock in self._sockets:
            asyncio.get_running_loop().remove_reader(sock.fileno())
            sock.close()
        if any(link["ifname"] == DEVICE for link in await self._here.netns.show("ip", "link", "show")):
            await self._here.netns.ip(f"link del {DEVICE}")
        self._sockets = []

    def _routes(self, version: int) -> Sequence[str]:
        hop, source = NEXT_HOPS[version], self._here.addresses.get(version)
        cidrs = [cidr for cidr in self._there.pod_cidrs if (":" in cidr) is (version == 6)]
        return [
            *(f"neigh add {hop} lladdr {NOBODYS_MAC} dev {DEVICE} nud permanent" for _ in cidrs),
            *(f"route add {cidr} via {hop} dev {DEVICE} onlink src {source}" for cidr in cidrs),
        ]

    def _take(self, reading: socket.socket, writing: socket.socket) -> None:
        try:
            data = reading.recv(_LONGEST)
        except OSError:
            return
        frame = data[:_HEADER] + self._macs + data[_HEADER + len(self._macs) :]
        asyncio.get_running_loop().call_later(self._seconds, _send, writing, frame)


def _send(sock: socket.socket, frame: bytes) -> None:
    try:
        sock.send(frame)
    except OSError:
        return  # closed meanwhile, or there is no room: the packet is lost, as packets may be


async def _packets(netns: NetNs, device: str, *, receives: bool = True) -> socket.socket:
    sock = await netns.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setblocking(False)
    _enlarge(sock)
    sock.setsockopt(_SOL_PACKET, _VNET_HEADER, 1)
    sock.bind((device, _ALL_PROTOCOLS if receives else 0))
    return sock


def _enlarge(sock: socket.socket) -> None:
    """Let much wait. Who is not root of the machine gets as much as it allows to everybody."""
    for forced, plain in ((_SEND_FORCED, socket.SO_SNDBUF), (_RECEIVE_FORCED, socket.SO_RCVBUF)):
        try:
            sock.setsockopt(socket.SOL_SOCKET, forced, _WAITING)
        except PermissionError:
            sock.setsockopt(socket.SOL_SOCKET, plain, _WAITING)


async def _mac(netns: NetNs) -> bytes:
    (link,) = await netns.show("ip", "link", "show", "dev", "eth0")
    return bytes.fromhex(link["address"].replace(":", ""))
