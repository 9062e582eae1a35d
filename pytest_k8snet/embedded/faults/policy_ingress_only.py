"""NetworkPolicies are enforced for what comes to a pod, not for what it sends."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.rewritten import RewrittenPolicies
from pytest_k8snet.embedded.policy.world import policy_types


def fault() -> Fault:
    """Return the fault."""
    return RewrittenPolicies("policy-ingress-only", "the egress rules of NetworkPolicies", _without_egress)


def _without_egress(policies: Sequence[Obj]) -> Sequence[Obj]:
    kept = (policy for policy in policies if "Ingress" in policy_types(policy))
    return [{**policy, "spec": {**policy["spec"], "policyTypes": ["Ingress"]}} for policy in kept]
