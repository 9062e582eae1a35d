"""Of several NetworkPolicies that select a pod only the one that was written last counts."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.single import newest_only


def fault() -> Fault:
    """Return the fault."""
    breaks = "the union of several NetworkPolicies: the last one counts"
    return RewrittenWorld("policy-last-one-wins", breaks, lambda cluster: newest_only)
