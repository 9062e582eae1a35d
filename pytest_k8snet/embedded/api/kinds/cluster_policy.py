"""ClusterNetworkPolicies and their forerunners, AdminNetworkPolicies and the baseline: their columns and defaults."""

from __future__ import annotations

from pytest_k8snet.embedded.api.columns import AGE, NAME, Column, field
from pytest_k8snet.embedded.api.objects import Obj

PRIORITY = Column("Priority", field("spec", "priority"))
CLUSTERNETWORKPOLICIES = (NAME, Column("Tier", field("spec", "tier")), PRIORITY, AGE)
ADMINNETWORKPOLICIES = (NAME, PRIORITY, AGE)
BASELINEADMINNETWORKPOLICIES = (NAME, AGE)


def complete_admin_policy(policy: Obj) -> None:
    """Fill in the protocol of ports, of v1alpha1 only: in v1alpha2 a port stands under its protocol."""
    spec = policy.get("spec") or {}
    for rule in [*(spec.get("ingress") or ()), *(spec.get("egress") or ())]:
        for port in rule.get("ports") or ():
            for key in ("portNumber", "portRange"):
                if port.get(key) is not None:
                    port[key].setdefault("protocol", "TCP")
