"""One node does not know the way to another node's pods."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target


class MissingRoute:
    """The first node has no route to the pods of the second."""

    name = "missing-route"
    breaks = "node-1 and its pods to the pods of node-2, and their answers"
    layer = "data path"

    async def apply(self, cluster: Target) -> None:
        """Delete the route."""
        here, there = cluster.two_nodes()
        await here.netns.ip(*here.routes_to(there, "delete"))

    async def revert(self, cluster: Target) -> None:
        """Add it again."""
        here, there = cluster.two_nodes()
        await here.netns.ip(*here.routes_to(there, "replace"))


def fault() -> Fault:
    """Return the fault."""
    return MissingRoute()
