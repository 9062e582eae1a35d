"""Nodes and pods are set to jumbo frames, and the path between two nodes has not: what is longer vanishes."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.host import MTU
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import BEFORE_DEFRAGMENTATION, Chains, PacketRules, between_nodes

JUMBO_MTU = 9000


class JumboBlackHole:
    """Larger links, and between node-1 and node-2 rules that swallow, as a switch does: of every protocol."""

    name = "jumbo-black-hole"
    breaks = f"packets above {MTU} bytes between pods of node-1 and node-2, whose interfaces take {JUMBO_MTU}"
    layer = "data path"

    def __init__(self) -> None:
        self._rules = PacketRules(self.name, self.breaks, _swallow)

    async def apply(self, cluster: Target) -> None:
        """Swallow, then make the links larger. Raises NotPossible in a cluster of one node."""
        await self._rules.apply(cluster)
        await cluster.network.set_mtu(JUMBO_MTU)

    async def revert(self, cluster: Target) -> None:
        """Undo it in the opposite order."""
        await cluster.network.set_mtu(MTU)
        await self._rules.revert(cluster)


def fault() -> Fault:
    """Return the fault."""
    return JumboBlackHole()


def _swallow(node: Node, cluster: Target) -> Chains:
    first, second = cluster.two_nodes()
    if node not in (first, second):
        return {}
    other = second if node is first else first
    return {BEFORE_DEFRAGMENTATION: between_nodes(other, node, f"meta length > {cluster.network.pod_mtu} drop")}
