"""NetworkPolicies are stored, and nobody does anything about them."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.rewritten import RewrittenPolicies


def fault() -> Fault:
    """Return the fault."""
    return RewrittenPolicies("policy-ignored", "every NetworkPolicy", lambda policies: ())
