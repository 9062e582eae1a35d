"""A pod cannot reach its own address; localhost works."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import INPUT, load

RULES = {INPUT: ['iifname "lo" ip daddr != 127.0.0.0/8 drop', 'iifname "lo" ip6 daddr != ::1 drop']}


class HairpinSelfDropped:
    """Rules in the pods themselves: what a pod sends to its own address never leaves it."""

    name = "hairpin-self-dropped"
    breaks = "a pod to its own address"
    layer = "data path"

    async def apply(self, cluster: Target) -> None:
        """Load the rules into every pod, and into each new one."""
        await cluster.network.in_each_pod(self._drop)
        for node in cluster.network.nodes.values():
            node.on_attach.append(self._drop)

    async def revert(self, cluster: Target) -> None:
        """Remove them."""
        for node in cluster.network.nodes.values():
            node.stop_calling(self._drop)
        await cluster.network.in_each_pod(lambda node, link: load(link.netns, self.name, {}))

    async def _drop(self, node: Node, link: PodLink) -> None:
        await load(link.netns, self.name, RULES)


def fault() -> Fault:
    """Return the fault."""
    return HairpinSelfDropped()
