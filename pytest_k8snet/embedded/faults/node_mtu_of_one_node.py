"""The interface of node-2 takes smaller packets than those of the other nodes, and drops what is longer."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.host import MTU

SMALLER_MTU = 1400


class NodeMtuOfOneNode:
    """A veth drops what is longer than its MTU when it comes in, as a network card does: nobody is told."""

    name = "node-mtu-of-one-node"
    breaks = f"packets above {SMALLER_MTU} bytes to node-2 and its pods"
    layer = "data path"

    async def apply(self, cluster: Target) -> None:
        """Make the interface smaller. Raises NotPossible in a cluster of one node."""
        await _set(cluster, SMALLER_MTU)

    async def revert(self, cluster: Target) -> None:
        """Make it as large as the others."""
        await _set(cluster, MTU)


def fault() -> Fault:
    """Return the fault."""
    return NodeMtuOfOneNode()


async def _set(cluster: Target, mtu: int) -> None:
    _, chosen = cluster.two_nodes()
    await chosen.netns.ip(f"link set eth0 mtu {mtu}")
