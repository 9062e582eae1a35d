"""Pods of one node reach each other, whatever the NetworkPolicies say."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.rewritten import unjudged


def fault() -> Fault:
    """Return the fault."""
    return unjudged(
        "policy-same-node-bypass", "NetworkPolicies between pods of one node", 'iifname "veth*" oifname "veth*"'
    )
