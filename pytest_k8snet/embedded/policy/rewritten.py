"""Faults in which something else is enforced than the NetworkPolicies that are stored."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_k8snet.embedded.injection import Target
from pytest_k8snet.embedded.policy.controller import Rewrite, unchanged


@dataclass
class RewrittenPolicies:
    """``rewrite`` makes of the stored policies those that the nodes get."""

    name: str
    breaks: str
    rewrite: Rewrite
    layer: str = "network policy"

    async def apply(self, cluster: Target) -> None:
        """Enforce the rewritten policies."""
        cluster.policies.rewrite = self.rewrite
        await cluster.policies.update()

    async def revert(self, cluster: Target) -> None:
        """Enforce what is stored."""
        cluster.policies.rewrite = unchanged
        await cluster.policies.update()
