"""BGP: each node runs BIRD, tells all others the range of its pods, and takes its routes from what they tell."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from pytest_k8snet.embedded.network.netns import NetworkCommandError
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.network.pod_network.bird import Bird, Peer, Speaker
from pytest_k8snet.embedded.options import PodNetworkName

CONVERGENCE_SECONDS = 15.0
POLL_SECONDS = 0.03
ROUTES_OF_BIRD = "12"
"""RTPROT_BIRD; iproute2 does not know it by name everywhere."""


class Bgp:
    """The pod network with a full mesh of sessions, one for each pair of nodes and IP version."""

    name: PodNetworkName = "bgp"
    overhead = 0
    device = ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._birds: dict[str, Bird] = {}
        self._refused: set[tuple[Node, Node]] = set()
        self._nodes: Sequence[Node] = ()

    async def connect(self, nodes: Sequence[Node]) -> None:
        """Start BIRD on each node and wait for the routes."""
        self._nodes = nodes
        self._folder.mkdir()
        for node in nodes:
            self._birds[node.name] = Bird(node.netns, self._folder / node.name)
            await self._birds[node.name].start(self._speaker(node))
        await asyncio.gather(*(self._settled(node) for node in nodes))

    async def cut(self, here: Node, there: Node) -> None:
        """Let ``here`` refuse what ``there`` tells."""
        self._refused.add((here, there))
        await self._birds[here.name].change(self._speaker(here))
        await self._settled(here)

    async def mend(self, here: Node, there: Node) -> None:
        """Let ``here`` take it again."""
        self._refused.discard((here, there))
        await self._birds[here.name].change(self._speaker(here))
        await self._settled(here)

    def _speaker(self, here: Node) -> Speaker:
        peers = [
            Peer(there.number, there.addresses.by_version, accepted=(here, there) not in self._refused)
            for there in self._nodes
            if there is not here
        ]
        return Speaker(here.number, here.addresses.by_version, here.pod_cidrs, tuple(peers))

    async def _settled(self, here: Node) -> None:
        """Wait until the routes in the kernel are those that the sessions must bring."""
        wanted = {
            cidr
            for there in self._nodes
            if there is not here and (here, there) not in self._refused
            for cidr in there.pod_cidrs
        }
        deadline = time.monotonic() + CONVERGENCE_SECONDS
        while (found := await _learned(here)) != wanted:
            if time.monotonic() > deadline:
                log = self._birds[here.name].last_words()
                raise NetworkCommandError(
                    f"BIRD on {here.name} has the routes {sorted(found)} after {CONVERGENCE_SECONDS:g} s, "
                    f"not {sorted(wanted)}; its log ends with: {log}"
                )
            await asyncio.sleep(POLL_SECONDS)


async def _learned(node: Node) -> set[str]:
    """Return the ranges to which BIRD has made routes."""
    found: set[str] = set()
    for version, _ in node.addresses.by_version:
        listed = await node.netns.show("ip", f"-{version}", "route", "show", "proto", ROUTES_OF_BIRD)
        found |= {route["dst"] for route in listed}
    return found
