"""One replica of the name server takes seconds for every answer by UDP."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.netns import NetNs
from pytest_k8snet.embedded.packet_rules import DESTINATION_NAT, load

SLOW_SECONDS = 2.0
ANSWER_SECONDS = 5.0
RELAY_PORT = 5399
RULE = f'iifname "eth0" udp dport 53 redirect to :{RELAY_PORT}'


class DnsSlowReplica:
    """A relay in the replica's namespace holds each question back: not every kernel can delay packets (netem)."""

    name = "dns-slow-replica"
    breaks = f"the speed of one of the name servers: {SLOW_SECONDS:g} s for an answer by UDP"
    layer = "dns"

    def __init__(self) -> None:
        self._relay: _Relay | None = None
        self._link: PodLink | None = None

    async def apply(self, cluster: Target) -> None:
        """Open the relay, then lead the questions there. Raises NotPossible when no name server runs."""
        self._link = cluster.name_servers()[0]
        opened = await self._link.netns.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        opened.bind(("::", RELAY_PORT))
        relay = self._relay = _Relay(self._link.netns)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: relay, sock=opened)
        await load(self._link.netns, self.name, {DESTINATION_NAT: [RULE]})

    async def revert(self, cluster: Target) -> None:
        """Let questions go straight to the replica, if it is still there; those under way are lost."""
        if any(link is self._link for _, link in cluster.network.links()) and self._link is not None:
            await load(self._link.netns, self.name, {})
        if self._relay is not None:
            self._relay.close()


def fault() -> Fault:
    """Return the fault."""
    return DnsSlowReplica()


class _Relay(asyncio.DatagramProtocol):
    """Hands each datagram to the name server in the same namespace, late."""

    def __init__(self, netns: NetNs) -> None:
        self._netns = netns
        self._transport: asyncio.DatagramTransport | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        task = asyncio.ensure_future(self._pass_on(data, addr))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def close(self) -> None:
        """Pass on nothing more."""
        for task in self._under_way:
            task.cancel()
        if self._transport is not None:
            self._transport.close()

    async def _pass_on(self, data: bytes, asker: tuple[Any, ...]) -> None:
        await asyncio.sleep(SLOW_SECONDS)
        loop = asyncio.get_running_loop()
        with await self._netns.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
            opened.connect(("127.0.0.1", 53))
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await loop.sock_sendall(opened, data)
                    answer = await loop.sock_recv(opened, 65535)
            except OSError:
                return  # the replica did not answer, so neither does this
        if self._transport is not None:
            self._transport.sendto(answer, asker)
