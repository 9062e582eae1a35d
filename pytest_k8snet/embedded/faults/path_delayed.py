"""What node-1 sends to the pods of node-2 takes a longer way than what it sends to the node itself."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.detour import Detour

DELAY_SECONDS = 0.001


class PathDelayed:
    """A detour through this process in place of the route."""

    name = "path-delayed"
    breaks = f"the speed of the path from node-1 to the pods of node-2: {DELAY_SECONDS * 1000:g} ms more"
    layer = "data path"

    def __init__(self) -> None:
        self._detour: Detour | None = None

    async def apply(self, cluster: Target) -> None:
        """Replace the route. Raises NotPossible in a cluster of one node."""
        here, there = cluster.two_nodes()
        await cluster.network.pod_network.cut(here, there)
        self._detour = Detour(here, there, DELAY_SECONDS)
        await self._detour.open()

    async def revert(self, cluster: Target) -> None:
        """Close the detour and put the route back."""
        if self._detour is None:
            return
        here, there = cluster.two_nodes()
        await self._detour.close()
        await cluster.network.pod_network.mend(here, there)
        self._detour = None


def fault() -> Fault:
    """Return the fault."""
    return PathDelayed()
