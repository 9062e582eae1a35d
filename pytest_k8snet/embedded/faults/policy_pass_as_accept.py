"""What a rule of a cluster-wide policy passes on to the next tier is accepted."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import with_rules
from pytest_k8snet.embedded.policy.rewritten import altered_tiers
from pytest_k8snet.embedded.policy.tiers import ACCEPT, PASS


def fault() -> Fault:
    """Return the fault."""
    return altered_tiers("policy-pass-as-accept", "the action Pass of cluster-wide policies", _accepting)


def _accepting(policy: Obj) -> Obj:
    return with_rules(policy, lambda direction, rule: rule | {"action": ACCEPT} if rule["action"] == PASS else rule)
