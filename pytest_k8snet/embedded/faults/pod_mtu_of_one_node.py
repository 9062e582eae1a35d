"""Pods of node-2 get a smaller MTU than those of other nodes: its CNI was configured otherwise."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.node import Node

SMALLER_BY = 60


class PodMtuOfOneNode:
    """Both ends of every pod's link: those that are there, and those to come."""

    name = "pod-mtu-of-one-node"
    breaks = f"the MTU of pods on node-2, {SMALLER_BY} bytes smaller than on other nodes"
    layer = "data path"

    async def apply(self, cluster: Target) -> None:
        """Make the links smaller. Raises NotPossible in a cluster of one node."""
        await _set(cluster, cluster.network.pod_mtu - SMALLER_BY)

    async def revert(self, cluster: Target) -> None:
        """Make them as large as on the other nodes."""
        await _set(cluster, cluster.network.pod_mtu)


def fault() -> Fault:
    """Return the fault."""
    return PodMtuOfOneNode()


async def _set(cluster: Target, mtu: int) -> None:
    _, chosen = cluster.two_nodes()
    chosen.pod_mtu = mtu

    async def set_on_both_ends(node: Node, link: PodLink) -> None:
        if node is chosen:
            await node.netns.ip(f"link set {link.device} mtu {mtu}")
            await link.netns.ip(f"link set eth0 mtu {mtu}")

    await cluster.network.in_each_pod(set_on_both_ends)
