"""Faults in which nodes serve something else than the Services that are stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pytest_k8snet.embedded.injection import Target
from pytest_k8snet.embedded.services.proxy import Rewrite

OF_THE_CLUSTER = ("kube-system/kube-dns", "default/kubernetes")
"""Services that faults leave alone: without names nothing would be found, and every check would fail."""


@dataclass
class RewrittenServices:
    """``choose`` gives, for the cluster as it is, what the nodes make of the stored ports; it may raise NotPossible."""

    name: str
    breaks: str
    choose: Callable[[Target], Rewrite]
    layer: str = "service proxy"
    _rewrites: list[Rewrite] = field(default_factory=list)

    async def apply(self, cluster: Target) -> None:
        """Serve what the fault makes of the Services."""
        self._rewrites = [self.choose(cluster)]
        cluster.services.rewrites += self._rewrites
        await cluster.services.update()

    async def revert(self, cluster: Target) -> None:
        """Serve what is stored."""
        cluster.services.rewrites[:] = [one for one in cluster.services.rewrites if one not in self._rewrites]
        await cluster.services.update()
