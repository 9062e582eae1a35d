"""NetworkPolicies are asked about new connections only: one that is established goes on for ever."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.rewritten import unjudged


def fault() -> Fault:
    """Return the fault."""
    return unjudged(
        "policy-established-ignored", "new NetworkPolicies for established connections", "ct state established"
    )
