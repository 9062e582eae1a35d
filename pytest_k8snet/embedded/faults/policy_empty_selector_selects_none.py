"""An empty selector selects nothing instead of everything."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import with_selectors
from pytest_k8snet.embedded.policy.rewritten import altered_policies

NOTHING = {"matchExpressions": [{"key": "any", "operator": operator} for operator in ("Exists", "DoesNotExist")]}


def fault() -> Fault:
    """Return the fault."""
    return altered_policies("policy-empty-selector-selects-none", "empty selectors in NetworkPolicies", _none_for_empty)


def _none_for_empty(policy: Obj) -> Obj:
    return with_selectors(policy, lambda selector: selector if any(selector.values()) else NOTHING)
