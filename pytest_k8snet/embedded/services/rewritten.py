"""Faults in which nodes serve something else than the Services that are stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_k8snet.embedded.injection import Target
from pytest_k8snet.embedded.services.proxy import Rewrite, unchanged


@dataclass
class RewrittenServices:
    """``choose`` gives, for the cluster as it is, what the nodes make of the stored ports; it may raise NotPossible."""

    name: str
    breaks: str
    choose: Callable[[Target], Rewrite]
    layer: str = "service proxy"

    async def apply(self, cluster: Target) -> None:
        """Serve what the fault makes of the Services."""
        cluster.services.rewrite = self.choose(cluster)
        await cluster.services.update()

    async def revert(self, cluster: Target) -> None:
        """Serve what is stored."""
        cluster.services.rewrite = unchanged
        await cluster.services.update()
