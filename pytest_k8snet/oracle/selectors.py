"""Label selectors as the Kubernetes API defines them, and how kubectl writes them.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Selector = Mapping[str, Any]
Labels = Mapping[str, str]


def matches(selector: Selector, labels: Labels) -> bool:
    """Tell whether labels meet every requirement of a selector. The empty selector matches everything."""
    return all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items()) and all(
        _meets(requirement, labels) for requirement in selector.get("matchExpressions") or ()
    )


def _meets(requirement: Mapping[str, Any], labels: Labels) -> bool:
    """Tell whether labels meet one of matchExpressions. NotIn holds also where the key is missing."""
    value = labels.get(requirement["key"])
    match requirement["operator"]:
        case "In":
            return value in requirement["values"]
        case "NotIn":
            return value not in requirement["values"]
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    raise ValueError(
        f"a selector has the operator {requirement['operator']!r}; the API knows In, NotIn, Exists and DoesNotExist"
    )


def written(selector: Selector) -> str:
    """Return a selector in the syntax of kubectl, '' for the empty one."""
    equal = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    return ",".join([*equal, *(_requirement(one) for one in selector.get("matchExpressions") or ())])


def _requirement(requirement: Mapping[str, Any]) -> str:
    key, operator = str(requirement["key"]), str(requirement["operator"])
    if operator in ("Exists", "DoesNotExist"):
        return key if operator == "Exists" else f"!{key}"
    return f"{key} {operator.lower()} ({','.join(requirement['values'])})"


def labels_written(labels: Labels) -> str:
    """Return labels as people read them: ``app=web,tier=front``."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
