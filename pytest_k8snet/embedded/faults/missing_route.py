"""One node does not know the way to another node's pods."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target


class MissingRoute:
    """The first node has no route to the pods of the second."""

    name = "missing-route"
    breaks = "node-1 and its pods to the pods of node-2, and their answers"
    layer = "data path"

    async def apply(self, cluster: Target) -> None:
        """Take the route away."""
        await cluster.network.pod_network.cut(*cluster.two_nodes())

    async def revert(self, cluster: Target) -> None:
        """Give it back."""
        await cluster.network.pod_network.mend(*cluster.two_nodes())


def fault() -> Fault:
    """Return the fault."""
    return MissingRoute()
