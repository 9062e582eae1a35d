"""A network without a cluster, for test_limits.py: ``python -m tests.embedded.limited_network SCENARIO``.

To be run in namespaces of its own; writes what was seen, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from pytest_k8snet.embedded.network.limits import Ends, Limit, NoDelayHere, ends_of_host, ends_of_pod, limit, unlimit
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.topology import Network
from pytest_k8snet.embedded.options import ClusterOptions

PORT = 5000
RATE = 8_000_000
LONG, SHORT = 64_000_000, 1_000_000
"""Bytes to send without a limit and with one."""


class Scene:
    """Two pods on node-1 and one on node-2."""

    def __init__(self, network: Network, pods: dict[str, PodLink]) -> None:
        self.network = network
        self.pods = pods

    def ends(self, of: str) -> Ends:
        """The link of a pod or of a node."""
        if of in self.pods:
            return ends_of_pod(self.network.nodes["node-1" if of.startswith("a") else "node-2"], self.pods[of])
        return ends_of_host(self.network, self.network.nodes[of])

    async def rate(self, source: str, target: str, amount: int) -> float:
        """Bits per second of a TCP stream from one pod to another, from the first byte to the last that arrives."""
        listener = await self.pods[target].netns.run(lambda: socket.create_server(("", PORT)))
        address = self.pods[target].addresses.primary
        receiving = asyncio.create_task(self.pods[target].netns.run(lambda: _receive(listener)))
        await self.pods[source].netns.run(lambda: _send(address, amount))
        got, seconds = await receiving
        assert got == amount, (got, amount)
        return got * 8 / seconds

    async def queues(self) -> dict[str, Any]:
        """The queueing disciplines of every namespace of the network."""
        spaces = [self.network.fabric, *(node.netns for node in self.network.nodes.values())]
        return {
            space.name: await space.show("tc", "qdisc", "show")
            for space in (*spaces, *(link.netns for link in self.pods.values()))
        }


def _receive(listener: socket.socket) -> tuple[int, float]:
    with listener, listener.accept()[0] as stream:
        got, began = 0, time.monotonic()
        while data := stream.recv(1 << 20):
            got += len(data)
        return got, time.monotonic() - began


def _send(address: str, amount: int) -> None:
    with socket.create_connection((address, PORT)) as stream:
        stream.sendall(bytes(amount))


async def rates(scene: Scene) -> dict[str, object]:
    """Limit a pod's link, then a node's: how fast it is, both ways, beside it, and afterwards."""
    before = await scene.queues()
    free = await scene.rate("a1", "b1", LONG)
    seen: dict[str, object] = {"free": free}
    for of in ("b1", "node-2"):
        await limit(scene.ends(of), Limit(rate=RATE))
        seen[of] = {
            "to": await scene.rate("a1", "b1", SHORT),
            "from": await scene.rate("b1", "a1", SHORT),
            "beside": await scene.rate("a1", "a2", LONG),
        }
        await unlimit(scene.ends(of))
    return {**seen, "after": await scene.rate("a1", "b1", LONG), "restored": await scene.queues() == before}


async def other_rate(scene: Scene) -> dict[str, object]:
    """Limit twice: the second counts. Unlimit twice."""
    ends = scene.ends("b1")
    await limit(ends, Limit(rate=RATE))
    await limit(ends, Limit(rate=4 * RATE))
    seen = await scene.rate("a1", "b1", 2 * SHORT)
    await unlimit(ends)
    await unlimit(ends)
    return {"rate": seen}


async def delay(scene: Scene) -> dict[str, object]:
    """Delay a link: the time of a connection before and with it, or why it cannot be."""
    before = await scene.queues()
    try:
        await limit(scene.ends("b1"), Limit(delay=0.05))
    except NoDelayHere as error:
        return {"error": str(error), "restored": await scene.queues() == before}
    began = time.monotonic()
    await scene.rate("a1", "b1", 1)
    took = time.monotonic() - began
    await unlimit(scene.ends("b1"))
    return {"took": took, "restored": await scene.queues() == before}


SCENARIOS: dict[str, Callable[[Scene], Coroutine[Any, Any, dict[str, object]]]] = {
    "rates": rates,
    "other-rate": other_rate,
    "delay": delay,
}


async def main(name: str) -> None:
    """Build the network, play a scenario, write what was seen."""
    with tempfile.TemporaryDirectory() as scratch:
        network = await Network.build(ClusterOptions(nodes=2), Path(scratch))
        first, second = network.nodes.values()
        pods = {"a1": await first.attach("a1"), "a2": await first.attach("a2"), "b1": await second.attach("b1")}
        sys.stdout.write(json.dumps(await SCENARIOS[name](Scene(network, pods))))
        network.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
