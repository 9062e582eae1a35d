"""The link of one pod is slow."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import name_of
from pytest_k8snet.embedded.injection import Fault, NotPossible, Target
from pytest_k8snet.embedded.network.limits import Limit, ends_of_pod, limit, unlimit
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.node import Node

RATE = 100_000_000
SLOWED = "n1-b"
"""The second probe pod of the first node: its twin there stays as fast as ever."""


class PodLinkSlow:
    """What one probe pod sends and is sent waits in a queue."""

    name = "pod-link-slow"
    breaks = f"the speed of one pod: {RATE // 1_000_000} Mbit/s, while others on its node have no limit"
    layer = "data path"

    def __init__(self) -> None:
        self._slowed: list[tuple[Node, PodLink]] = []

    async def apply(self, cluster: Target) -> None:
        """Limit the link. Raises NotPossible when there is no such pod."""
        owners = {worker.uid for worker in cluster.kubelet.workers if name_of(worker.pod) == SLOWED}
        self._slowed = [(node, link) for node, link in cluster.network.links() if link.owner in owners]
        if not self._slowed:
            raise NotPossible(f"there is no probe pod {SLOWED}")
        for node, link in self._slowed:
            await limit(ends_of_pod(node, link), Limit(rate=RATE))

    async def revert(self, cluster: Target) -> None:
        """Take the limit away, if the pod is still there."""
        there = list(cluster.network.links())
        for node, link in self._slowed:
            if (node, link) in there:
                await unlimit(ends_of_pod(node, link))
        self._slowed = []


def fault() -> Fault:
    """Return the fault."""
    return PodLinkSlow()
