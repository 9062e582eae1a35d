"""The Baseline tier is asked before NetworkPolicy, which has no say in what it decides."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import with_spec
from pytest_k8snet.embedded.policy.rewritten import altered_tiers
from pytest_k8snet.embedded.policy.tiers import ADMIN, BASELINE, tier_of

AFTER_ADMIN = 1001
"""One more than the largest priority."""


def fault() -> Fault:
    """Return the fault."""
    return altered_tiers("policy-baseline-first", "that NetworkPolicy comes before the Baseline tier", _as_admin)


def _as_admin(policy: Obj) -> Obj:
    if tier_of(policy) != BASELINE:
        return policy
    spec = with_spec(policy, tier=ADMIN, priority=AFTER_ADMIN + policy["spec"].get("priority", 0))
    return spec | {"kind": "ClusterNetworkPolicy"}
