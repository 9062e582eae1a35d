"""Of several NetworkPolicies that select a pod only the one that was written first counts."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.single import oldest_only


def fault() -> Fault:
    """Return the fault."""
    breaks = "the union of several NetworkPolicies: the first one counts"
    return RewrittenWorld("policy-first-one-wins", breaks, lambda cluster: oldest_only)
