"""Pods that are made from now on are reached only some time after they run, though they are Ready at once.

Only those of a certain name: nearly every check starts pods, and would fail (decision 064).
"""

from __future__ import annotations

import asyncio

from pytest_k8snet.embedded.api.objects import name_of
from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.netns import NetworkCommandError
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import INPUT, load

LATE_SECONDS = 4.0
NAMED = "newborn-"
RULES = {INPUT: ['iifname "eth0" ct state new drop']}


class NewPodsLate:
    """Rules in such a new pod, for a while; what it begins itself works."""

    name = "new-pods-late"
    breaks = f"all that comes to new pods named {NAMED}N, in their first {LATE_SECONDS:g} s"
    layer = "control loops"

    def __init__(self) -> None:
        self._later: set[asyncio.Task[None]] = set()
        self._cluster: Target | None = None

    async def apply(self, cluster: Target) -> None:
        """Begin with the next pod."""
        self._cluster = cluster
        for node in cluster.network.nodes.values():
            node.on_attach.append(self._hold_up)

    async def revert(self, cluster: Target) -> None:
        """Connect those that still wait."""
        for node in cluster.network.nodes.values():
            node.stop_calling(self._hold_up)
        for task in self._later:
            task.cancel()
        await cluster.network.in_each_pod(lambda node, link: load(link.netns, self.name, {}))

    async def _hold_up(self, node: Node, link: PodLink) -> None:
        workers = self._cluster.kubelet.workers if self._cluster else ()
        if not any(worker.uid == link.owner and name_of(worker.pod).startswith(NAMED) for worker in workers):
            return
        await load(link.netns, self.name, RULES)
        task = asyncio.create_task(self._connect(node, link))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _connect(self, node: Node, link: PodLink) -> None:
        await asyncio.sleep(LATE_SECONDS)
        try:
            await load(link.netns, self.name, {})
        except (NetworkCommandError, OSError):
            if link in node.links:
                raise


def fault() -> Fault:
    """Return the fault."""
    return NewPodsLate()
