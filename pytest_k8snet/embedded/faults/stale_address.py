"""A deleted pod goes on answering at its address."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target


class StaleAddress:
    """The API forgets the pod at once, but nobody ends its processes or frees its address."""

    name = "stale-address"
    breaks = "the end of a deleted pod's traffic"
    layer = "kubelet"

    async def apply(self, cluster: Target) -> None:
        """Begin with the next deletion."""
        cluster.kubelet.behaviour.end_deleted_pods = False

    async def revert(self, cluster: Target) -> None:
        """End what was left running."""
        cluster.kubelet.behaviour.end_deleted_pods = True
        await cluster.kubelet.end_left_running()


def fault() -> Fault:
    """Return the fault."""
    return StaleAddress()
