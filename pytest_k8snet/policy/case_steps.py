"""The steps of a case file: what is changed, by which route and ports is asked after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pytest_k8snet.oracle.policy_world import NamedPort
from pytest_k8snet.policy.case_fields import PROTOCOLS, labels
from pytest_k8snet.policy.case_manifests import manifest
from pytest_k8snet.policy.cases import (
    Action,
    Apply,
    CreateNamespace,
    CreatePod,
    DeleteNamespace,
    DeletePod,
    DeletePolicy,
    LabelNamespace,
    LabelPod,
    Route,
    Step,
    named,
)
from pytest_k8snet.policy.cases import RestartPod as Restart
from pytest_k8snet.policy.located import Located
from pytest_k8snet.policy.world import PORTS

Read = Callable[[Located], list[Action]]


def step(fields: Mapping[str, Located]) -> Step:
    """Return the step that fields describe; ``STEP`` names those that it can have."""
    actions = [action for name, value in fields.items() if name in ACTIONS for action in ACTIONS[name](value)]
    title = fields["title"].text("a title") if "title" in fields else ", ".join(map(described, actions))
    settings: dict[str, Any] = {}
    if "route" in fields:
        settings["route"] = Route(fields["route"].choice("route", [str(route) for route in Route]))
    if "ports" in fields:
        settings["ports"] = _distinct(fields["ports"], "served port", _served)
    if "protocols" in fields:
        settings["protocols"] = _distinct(
            fields["protocols"], "protocol", lambda one: one.choice("protocol", PROTOCOLS)
        )
    return Step(title or "nothing is changed", tuple(actions), **settings)


def described(action: Action) -> str:
    """Return an action in a few words, such as "delete policy x/base"."""
    match action:
        case Apply(policy):
            return f"apply policy {named(policy)}"
        case DeletePolicy(name):
            return f"delete policy {name}"
        case LabelPod(name, changes):
            return f"label pod {name} {_changes(changes)}"
        case LabelNamespace(name, changes):
            return f"label namespace {name} {_changes(changes)}"
        case CreatePod(name):
            return f"create pod {name}"
        case DeletePod(name):
            return f"delete pod {name}"
        case Restart(name):
            return f"restart pod {name}"
        case CreateNamespace(name):
            return f"create namespace {name}"
        case DeleteNamespace(name):
            return f"delete namespace {name}"


def _changes(changes: Mapping[str, str | None]) -> str:
    return " ".join(f"{key}-" if value is None else f"{key}={value}" for key, value in changes.items())


def _served(found: Located) -> int:
    number = found.number("a port that pods serve,", min(PORTS), max(PORTS))
    if number not in PORTS:
        raise found.error(f"pods do not serve {number}", list(map(str, PORTS)))
    return number


def _distinct(found: Located, what: str, read: Callable[[Located], Any]) -> tuple[Any, ...]:
    values = tuple(read(one) for one in found.items(f"{what}s"))
    if not values or len(set(values)) < len(values):
        raise found.error(f"expected at least one {what}, each once")
    return values


def _each(make: Callable[[str], Action], what: str) -> Read:
    """Return the reader of one name or a list of them."""
    return lambda found: [make(_name(one, what)) for one in found.one_or_more(what)]


def _by_name(make: Callable[[str, Located], Action], what: str) -> Read:
    """Return the reader of a mapping whose keys are names, or of a list of them where the order counts."""

    def read(found: Located) -> list[Action]:
        made = []
        for one in found.one_or_more(f"{what}s"):
            for name, value in one.entries(f"a {what} and what to give it").items():
                _check_name(name, what, value)
                made.append(make(name, value))
        return made

    return read


def _name(found: Located, what: str) -> str:
    name = found.text(f"the name of a {what}")
    _check_name(name, what, found)
    return name


def _check_name(name: str, what: str, found: Located) -> None:
    parts = name.split("/")
    if len(parts) != (1 if what == "namespace" else 2) or not all(parts):
        form = "a name" if what == "namespace" else "namespace/name, such as x/a"
        raise found.error(f"a {what} is named by {form}, not {name!r}")


def _label_changes(found: Located) -> dict[str, str | None]:
    changes: dict[str, str | None] = {}
    for name, value in found.entries("labels").items():
        changes[name] = None if value.is_nothing() else value.text("the value of a label (a text; null removes it)")
    if not changes:
        raise found.error("no label is changed")
    return changes


def _create_pod(name: str, found: Located) -> CreatePod:
    usual = {"pod": name.partition("/")[2]}
    if found.is_nothing():
        return CreatePod(name, usual)
    fields = found.fields("a new pod", ("labels", "ports"))
    ports = tuple(_named_ports(fields["ports"])) if "ports" in fields else None
    return CreatePod(name, labels(fields["labels"]) if "labels" in fields else usual, ports)


def _named_ports(found: Located) -> Iterable[NamedPort]:
    for name, value in found.entries("names of ports").items():
        number, _, protocol = value.text("a port such as 80/TCP").partition("/")
        if number not in map(str, PORTS) or protocol not in PROTOCOLS:
            raise value.error(
                f"expected a port that pods serve, such as 80/TCP, found {value.plain()!r}",
                [f"{port}/{protocol}" for port in PORTS for protocol in PROTOCOLS],
            )
        yield NamedPort(name, protocol, int(number))


def _create_namespace(name: str, found: Located) -> CreateNamespace:
    return CreateNamespace(name, {"ns": name} if found.is_nothing() else labels(found))


ACTIONS: Mapping[str, Read] = {
    "apply": lambda found: [Apply(manifest(one)) for one in found.one_or_more("policies")],
    "delete": _each(DeletePolicy, "policy"),
    "label-pod": _by_name(lambda name, found: LabelPod(name, _label_changes(found)), "pod"),
    "label-namespace": _by_name(lambda name, found: LabelNamespace(name, _label_changes(found)), "namespace"),
    "create-namespace": _by_name(_create_namespace, "namespace"),
    "create-pod": _by_name(_create_pod, "pod"),
    "delete-pod": _each(DeletePod, "pod"),
    "restart-pod": _each(Restart, "pod"),
    "delete-namespace": _each(DeleteNamespace, "namespace"),
}
STEP = ("title", *ACTIONS, "route", "ports", "protocols")
