"""Of the cluster-wide policies of a tier, those with higher numbers come first."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import with_spec
from pytest_k8snet.embedded.policy.rewritten import altered_tiers


def fault() -> Fault:
    """Return the fault."""
    return altered_tiers("policy-priority-reversed", "the priorities of cluster-wide policies", _reversed)


def _reversed(policy: Obj) -> Obj:
    return with_spec(policy, priority=-policy["spec"].get("priority", 0))
