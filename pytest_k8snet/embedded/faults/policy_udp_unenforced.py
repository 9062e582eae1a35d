"""NetworkPolicies are not enforced for UDP."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.rewritten import unjudged


def fault() -> Fault:
    """Return the fault."""
    return unjudged("policy-udp-unenforced", "NetworkPolicies for UDP", "meta l4proto udp")
