"""NetworkPolicies are enforced for IPv4; over IPv6 everything passes."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.rewritten import unjudged


def fault() -> Fault:
    """Return the fault."""
    return unjudged("policy-ipv6-unenforced", "NetworkPolicies over IPv6", "meta nfproto ipv6")
