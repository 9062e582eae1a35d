"""The operator NotIn does not select what lacks the label."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import with_selectors
from pytest_k8snet.embedded.policy.rewritten import altered_policies


def fault() -> Fault:
    """Return the fault."""
    return altered_policies(
        "policy-operators-notin-wrong", "NotIn in NetworkPolicies for absent labels", _with_labels_only
    )


def _with_labels_only(policy: Obj) -> Obj:
    return with_selectors(policy, _demanding)


def _demanding(selector: Obj) -> Obj:
    expressions = selector.get("matchExpressions") or []
    present = [{"key": one["key"], "operator": "Exists"} for one in expressions if one["operator"] == "NotIn"]
    return {**selector, "matchExpressions": [*expressions, *present]} if present else selector
