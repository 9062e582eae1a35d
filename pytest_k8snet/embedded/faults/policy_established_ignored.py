"""NetworkPolicies are asked about new connections only: one that is established goes on for ever."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.rewritten import unjudged


def fault() -> Fault:
    """Return the fault."""
    breaks = "new NetworkPolicies for established connections"
    return replace(unjudged("policy-established-ignored", breaks, "ct state established"), layer="left open")
