"""The links take larger packets than before, but datagrams above the old MTU with DF vanish without an answer."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.host import MTU
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import BEFORE_DEFRAGMENTATION, Chains, PacketRules, between_pods, whole_packets

LARGER_MTU = 1600


class TooLongSwallowed:
    """Larger links, and rules that swallow: so it is the network that does not answer, not the sender's kernel."""

    name = "too-long-swallowed"
    breaks = "the answer to datagrams above the MTU with DF"
    layer = "data path"

    def __init__(self) -> None:
        self._rules = PacketRules(self.name, self.breaks, _swallow)

    async def apply(self, cluster: Target) -> None:
        """Swallow, then make the links larger."""
        await self._rules.apply(cluster)
        await cluster.network.set_mtu(LARGER_MTU)

    async def revert(self, cluster: Target) -> None:
        """Undo it in the opposite order."""
        await cluster.network.set_mtu(MTU)
        await self._rules.revert(cluster)


def fault() -> Fault:
    """Return the fault."""
    return TooLongSwallowed()


def _swallow(node: Node, cluster: Target) -> Chains:
    return {
        BEFORE_DEFRAGMENTATION: whole_packets(
            between_pods(f"meta l4proto udp meta length > {cluster.network.pod_mtu} drop")
        )
    }
