"""Packets travel in VXLAN between node-1 and node-2, and by route elsewhere; the MTU of pods knows nothing of it."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, NotPossible, Target
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.network.pod_network import vxlan


class OnePairEncapsulated:
    """Packets that do not fit any more travel in two fragments of the outer packet: everything arrives."""

    name = "one-pair-encapsulated"
    breaks = "the one way in which packets travel between nodes: VXLAN between node-1 and node-2"
    layer = "data path"

    def __init__(self) -> None:
        self._cut: list[tuple[Node, Node]] = []

    async def apply(self, cluster: Target) -> None:
        """Lay a tunnel in place of the route. Raises NotPossible in an overlay, or a cluster of one node."""
        first, second = cluster.two_nodes()
        if cluster.network.pod_network.device:
            raise NotPossible("packets travel in an overlay already")
        for here, there in ((first, second), (second, first)):
            await here.netns.ip(*vxlan.device(here, here.pod_mtu))
            await here.netns.bridge(vxlan.forwarding(there))
            await here.netns.ip(*vxlan.neighbours(there))
        for here, there in ((first, second), (second, first)):
            await cluster.network.pod_network.cut(here, there)
            self._cut.append((here, there))
            await here.netns.ip(*vxlan.routes("add", here, there))

    async def revert(self, cluster: Target) -> None:
        """Remove the tunnel, with which its routes go, and put the route back."""
        for here in cluster.two_nodes():
            if await _has_tunnel(here):
                await here.netns.ip(f"link del {vxlan.DEVICE}")
        while self._cut:
            await cluster.network.pod_network.mend(*self._cut[-1])
            self._cut.pop()


def fault() -> Fault:
    """Return the fault."""
    return OnePairEncapsulated()


async def _has_tunnel(here: Node) -> bool:
    return any(link["ifname"] == vxlan.DEVICE for link in await here.netns.show("ip", "link", "show"))
