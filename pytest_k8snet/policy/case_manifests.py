"""NetworkPolicies as case files write them: in short form or as manifests, every field looked at.

The API would refuse most of these mistakes as well, but only in the middle of a run and without file and line.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Mapping
from typing import Any

from pytest_k8snet.policy.located import Located
from pytest_k8snet.policy.placeholders import is_placeholder, mistake

PROTOCOLS = ("TCP", "UDP", "SCTP")
SHORT = ("name", "namespace", "podSelector", "policyTypes", "ingress", "egress")
SPEC = SHORT[2:]
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")

Read = Callable[[Located], Any]


def manifest(found: Located) -> dict[str, Any]:
    """Return the manifest of a policy. The short form is name, namespace and the fields of a NetworkPolicy's spec."""
    if "spec" in found.entries("a policy"):
        whole = found.fields("a manifest", ("apiVersion", "kind", "metadata", "spec"), ("metadata",))
        meta = whole["metadata"].fields("metadata", ("name", "namespace", "labels", "annotations"), SHORT[:2])
        spec = whole["spec"].fields("spec", SPEC)
    else:
        meta = found.fields("a policy", SHORT, SHORT[:2])
        spec = {name: value for name, value in meta.items() if name in SPEC}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {name: meta[name].text(f"the policy's {name}") for name in SHORT[:2]},
        "spec": {"podSelector": {}} | {name: FIELDS[name](value) for name, value in spec.items()},
    }


def labels(found: Located) -> dict[str, str]:
    """Return labels; a number must be written as a text, as the API wants it."""
    return {name: _label_value(value) for name, value in found.entries("labels").items()}


def _label_value(found: Located) -> str:
    value = found.plain()
    if not isinstance(value, str):
        raise found.error(f"the value of a label is a text: write {str(value)!r} with quotes")
    return value


def _selector(found: Located) -> dict[str, Any]:
    read: Mapping[str, Read] = {
        "matchLabels": labels,
        "matchExpressions": lambda all_of: [_expression(one) for one in all_of.items("expressions")],
    }
    return _read(found, "a selector", read)


def _expression(found: Located) -> dict[str, Any]:
    fields = found.fields("an expression", ("key", "operator", "values"), required=("key", "operator"))
    made: dict[str, Any] = {
        "key": fields["key"].text("a label's name"),
        "operator": fields["operator"].choice("operator", OPERATORS),
    }
    values = [_label_value(value) for value in fields["values"].items("values")] if "values" in fields else []
    if bool(values) != (made["operator"] in ("In", "NotIn")):
        raise found.error(f"{made['operator']} needs {'no ' if values else ''}values")
    return made | ({"values": values} if values else {})


def _types(found: Located) -> list[str]:
    return [one.choice("policy type", ("Ingress", "Egress")) for one in found.items("policy types")]


def _rules(peers: str) -> Read:
    read: Mapping[str, Read] = {
        "ports": lambda ports: [_port(one) for one in ports.items("ports")],
        peers: lambda listed: [_peer(one) for one in listed.items("peers")],
    }
    direction = "an ingress rule" if peers == "from" else "an egress rule"
    return lambda found: [_read(rule, direction, read) for rule in found.items("rules")]


def _port(found: Located) -> dict[str, Any]:
    read: Mapping[str, Read] = {
        "protocol": lambda name: name.choice("protocol", PROTOCOLS),
        "port": lambda port: port.number("a port", 1, 65535) if isinstance(port.plain(), int) else _port_name(port),
        "endPort": lambda port: port.number("an endPort", 1, 65535),
    }
    made = _read(found, "a port", read)
    first = made.get("port")
    if "endPort" in made and not (isinstance(first, int) and first <= made["endPort"]):
        raise found.error("endPort needs a port that is a number and not above it")
    return made


def _port_name(found: Located) -> str:
    name = found.text("a port's number or name")
    if len(name) > 15 or name.isdigit() or not all(part.isalnum() for part in name.split("-")) or name != name.lower():
        raise found.error(f"{name!r} is no name of a port: up to 15 of a-z, 0-9 and single hyphens")
    return name


def _peer(found: Located) -> dict[str, Any]:
    made = _read(found, "a peer", {"podSelector": _selector, "namespaceSelector": _selector, "ipBlock": _block})
    if not made:
        raise found.error("a peer needs one of its fields", ("podSelector", "namespaceSelector", "ipBlock"))
    if "ipBlock" in made and len(made) > 1:
        raise found.error("a peer with ipBlock has no selectors")
    return made


def _block(found: Located) -> dict[str, Any]:
    read: Mapping[str, Read] = {"cidr": _cidr, "except": lambda all_of: [_cidr(one) for one in all_of.items("CIDRs")]}
    made = _read(found, "an ipBlock", read, required=("cidr",))
    for outside in made.get("except", ()):
        if not (is_placeholder(outside) or is_placeholder(made["cidr"]) or _within(outside, made["cidr"])):
            raise found.error(f"the exception {outside} is not within {made['cidr']}")
    return made


def _within(inner: str, outer: str) -> bool:
    """Tell whether one network is part of another and smaller, as the API wants it of exceptions."""
    small, large = ipaddress.ip_network(inner), ipaddress.ip_network(outer)
    return small != large and small.version == large.version and small.subnet_of(large)  # type: ignore[arg-type]


def _cidr(found: Located) -> str:
    text = found.text("a CIDR")
    if is_placeholder(text):
        if wrong := mistake(text):
            raise found.error(wrong)
        return text
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise found.error(f"no CIDR: {error}") from None
    return text


def _read(found: Located, what: str, read: Mapping[str, Read], required: Collection[str] = ()) -> dict[str, Any]:
    return {name: read[name](value) for name, value in found.fields(what, read, required).items()}


FIELDS: Mapping[str, Read] = {
    "podSelector": _selector,
    "policyTypes": _types,
    "ingress": _rules("from"),
    "egress": _rules("to"),
}
