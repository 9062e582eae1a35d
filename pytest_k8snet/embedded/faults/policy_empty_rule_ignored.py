"""A rule without peers and ports, which allows everything, allows nothing."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import with_spec
from pytest_k8snet.embedded.policy.rewritten import altered_policies
from pytest_k8snet.embedded.policy.world import PEERS


def fault() -> Fault:
    """Return the fault."""
    return altered_policies("policy-empty-rule-ignored", "rules of NetworkPolicies that allow everything", _without)


def _without(policy: Obj) -> Obj:
    rules = {key: policy["spec"].get(key) for key in map(str.lower, PEERS)}
    return with_spec(policy, **{key: [rule for rule in found if rule] for key, found in rules.items() if found})
