"""Cases out, as YAML that ``case_files.load`` reads: the way of a case that a machine has found to people."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

import yaml

from pytest_k8snet.policy.cases import (
    Action,
    Apply,
    Case,
    CreateNamespace,
    CreatePod,
    DeleteNamespace,
    DeletePod,
    DeletePolicy,
    LabelNamespace,
    LabelPod,
    RestartPod,
    Route,
    Step,
    is_cluster_wide,
)
from pytest_k8snet.policy.world import PORTS, PROTOCOLS


class InFull(yaml.SafeDumper):
    """Policies share parts in memory; people do not want to see that."""

    def ignore_aliases(self, data: object) -> bool:
        """Write everything in full."""
        return True


# What kubectl reads is YAML 1.1 to the letter, where a plain y is true: namespaces of the arena are called so.
InFull.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("[yYnN]$"), [*"yYnN"])


def written(*cases: Case) -> str:
    """Return a case file. Raises ValueError for a step with actions in an order that no file can have."""
    text: str = yaml.dump(
        [_case(case) for case in cases], Dumper=InFull, sort_keys=False, default_flow_style=None, width=120
    )
    return text


def _case(case: Case) -> dict[str, Any]:
    names = {
        "requires": case.requires,
        "catches": case.catches,
        "cyclonus": case.cyclonus,
        "upstream": case.upstream,
        "conformance": case.conformance,
    }
    made: dict[str, Any] = {"id": case.id, "title": case.title, "level": case.level, "spec": case.spec}
    made |= {field: [*listed] for field, listed in names.items() if listed}
    if case.cyclonus_default:
        made["default"] = True
    return made | {"steps": [_step(step) for step in case.steps]}


def _step(step: Step) -> dict[str, Any]:
    made: dict[str, Any] = {"title": step.title}
    for field, group in groupby(map(_action, step.actions), key=lambda named: named[0]):
        values = [value for _, value in group]
        if field in made:
            raise ValueError(f"{step.title}: a step of a file has all of its {field!r} in one place")
        made[field] = values[0] if len(values) == 1 else values
    if step.route is not Route.POD:
        made["route"] = str(step.route)
    if step.ports != PORTS:
        made["ports"] = [*step.ports]
    if step.protocols != PROTOCOLS:
        made["protocols"] = [*step.protocols]
    return made


def _action(action: Action) -> tuple[str, Any]:
    """Return the field of an action and its value."""
    match action:
        case Apply(policy):
            kind = {"kind": policy["kind"]} if is_cluster_wide(policy) else {}
            return "apply", kind | dict(policy["metadata"]) | dict(policy["spec"])
        case DeletePolicy(name):
            return "delete", name
        case LabelPod(name, changes):
            return "label-pod", {name: dict(changes)}
        case LabelNamespace(name, changes):
            return "label-namespace", {name: dict(changes)}
        case CreatePod(name, labels, ports):
            given = {} if ports is None else {"ports": {port.name: f"{port.number}/{port.protocol}" for port in ports}}
            return "create-pod", {name: {"labels": dict(labels)} | given}
        case DeletePod(name):
            return "delete-pod", name
        case RestartPod(name):
            return "restart-pod", name
        case CreateNamespace(name, labels):
            return "create-namespace", {name: dict(labels)}
        case DeleteNamespace(name):
            return "delete-namespace", name
