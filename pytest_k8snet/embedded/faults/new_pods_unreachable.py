"""Pods made from now on are half connected: they are reached, but what they begin themselves is dropped."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import OUTPUT, load

RULES = {OUTPUT: ['oifname "eth0" ct state new drop']}


class NewPodsUnreachable:
    """Rules in each new pod. The opposite direction works, so that new pods can be used to find other faults."""

    name = "new-pods-unreachable"
    breaks = "new pods to all others"
    layer = "data path"

    async def apply(self, cluster: Target) -> None:
        """Begin with the next pod."""
        for node in cluster.network.nodes.values():
            node.on_attach.append(self._cut_off)

    async def revert(self, cluster: Target) -> None:
        """Connect those that were cut off."""
        for node in cluster.network.nodes.values():
            node.stop_calling(self._cut_off)
        await cluster.network.in_each_pod(lambda node, link: load(link.netns, self.name, {}))

    async def _cut_off(self, node: Node, link: PodLink) -> None:
        await load(link.netns, self.name, RULES)


def fault() -> Fault:
    """Return the fault."""
    return NewPodsUnreachable()
