"""Cluster-wide policies as case files write them: in short form or as manifests, every field looked at.

Source: apis/v1alpha1 and apis/v1alpha2 of https://github.com/kubernetes-sigs/network-policy-api
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pytest_k8snet.policy.case_fields import PROTOCOLS, Read, cidr, port_name, read, selector
from pytest_k8snet.policy.located import Located

GROUP = "policy.networking.k8s.io"
TIERS = ("Admin", "Baseline")
PEERS = {"ingress": "from", "egress": "to"}


@dataclass(frozen=True)
class Kind:
    """What a kind has: the version of its API, the actions of its rules, fields of its spec besides the common ones."""

    version: str
    actions: tuple[str, ...]
    own: tuple[str, ...]
    ports: str


KINDS: Mapping[str, Kind] = {
    "ClusterNetworkPolicy": Kind("v1alpha2", ("Accept", "Deny", "Pass"), ("tier", "priority"), "protocols"),
    "AdminNetworkPolicy": Kind("v1alpha1", ("Allow", "Deny", "Pass"), ("priority",), "ports"),
    "BaselineAdminNetworkPolicy": Kind("v1alpha1", ("Allow", "Deny"), (), "ports"),
}


def api_version(kind: str) -> str:
    """Return the apiVersion of a kind."""
    return f"{GROUP}/{KINDS[kind].version}"


def manifest(found: Located) -> dict[str, Any]:
    """Return the manifest of a cluster-wide policy. The short form is kind, name and the fields of its spec."""
    entries = found.entries("a policy")
    name = entries["kind"].choice("kind of policy", KINDS)
    kind = KINDS[name]
    readers = _readers(kind)
    if "spec" in entries:
        whole = found.fields("a manifest", ("apiVersion", "kind", "metadata", "spec"), ("metadata",))
        meta = whole["metadata"].fields("metadata", ("name", "labels", "annotations"), ("name",))
        spec = read(whole["spec"], "spec", readers, (*kind.own, "subject"))
    else:
        meta = found.fields(f"a {name}", ("kind", "name", *readers), ("name", *kind.own, "subject"))
        spec = {field: readers[field](value) for field, value in meta.items() if field in readers}
    called = meta["name"].text("the policy's name")
    if name == "BaselineAdminNetworkPolicy" and called != "default":
        raise meta["name"].error("a BaselineAdminNetworkPolicy is called default: a cluster has one only")
    return {"apiVersion": api_version(name), "kind": name, "metadata": {"name": called}, "spec": spec}


def _readers(kind: Kind) -> Mapping[str, Read]:
    every: Mapping[str, Read] = {
        "tier": lambda found: found.choice("tier", TIERS),
        "priority": lambda found: found.number("a priority", 0, 1000),
        "subject": lambda found: _one_of(found, "a subject", {"namespaces": selector, "pods": _pods}),
        "ingress": partial(_rules, kind, "ingress"),
        "egress": partial(_rules, kind, "egress"),
    }
    return {name: reader for name, reader in every.items() if name not in ("tier", "priority") or name in kind.own}


def _rules(kind: Kind, direction: str, found: Located) -> list[dict[str, Any]]:
    peers = PEERS[direction]
    readers: Mapping[str, Read] = {
        "name": lambda name: name.text("the name of a rule"),
        "action": lambda action: action.choice("action", kind.actions),
        peers: lambda listed: [_peer(one, direction) for one in _some(listed, "peers")],
        kind.ports: lambda listed: [_port(one, kind) for one in _some(listed, kind.ports)],
    }
    return [read(rule, f"an {direction} rule", readers, ("action", peers)) for rule in found.items("rules")]


def _peer(found: Located, direction: str) -> dict[str, Any]:
    readers: dict[str, Read] = {"namespaces": selector, "pods": _pods}
    if direction == "egress":
        readers |= {"nodes": selector, "networks": lambda listed: [cidr(one) for one in _some(listed, "CIDRs")]}
    return _one_of(found, "a peer", readers)


def _pods(found: Located) -> dict[str, Any]:
    return read(found, "pods", {"namespaceSelector": selector, "podSelector": selector}, ("podSelector",))


def _port(found: Located, kind: Kind) -> dict[str, Any]:
    if kind.ports == "protocols":
        names: Mapping[str, Read] = {protocol.lower(): _protocol for protocol in PROTOCOLS}
        return _one_of(found, "an entry of protocols", {**names, "destinationNamedPort": port_name})
    number = {"protocol": lambda name: name.choice("protocol", PROTOCOLS), "port": _number}
    ends = {"protocol": number["protocol"], "start": _number, "end": _number}
    readers: Mapping[str, Read] = {
        "portNumber": lambda port: read(port, "portNumber", number, ("port",)),
        "portRange": lambda port: _range(read(port, "portRange", ends, ("start", "end")), port),
        "namedPort": port_name,
    }
    return _one_of(found, "a port", readers)


def _protocol(found: Located) -> dict[str, Any]:
    return _one_of(found, "a protocol", {"destinationPort": _destination})


def _destination(found: Located) -> dict[str, Any]:
    ends: Mapping[str, Read] = {"start": _number, "end": _number}
    readers: Mapping[str, Read] = {
        "number": _number,
        "range": lambda port: _range(read(port, "a range", ends, ("start", "end")), port),
    }
    return _one_of(found, "destinationPort", readers)


def _number(found: Located) -> int:
    return found.number("a port", 1, 65535)


def _range(made: dict[str, Any], found: Located) -> dict[str, Any]:
    if made["start"] >= made["end"]:
        raise found.error("the start of a range is less than its end")
    return made


def _some(found: Located, what: str) -> list[Located]:
    listed = found.items(what)
    if not listed:
        raise found.error(f"there must be at least one of {what}; without any nothing would match")
    return listed


def _one_of(found: Located, what: str, readers: Mapping[str, Read]) -> dict[str, Any]:
    made = read(found, what, readers)
    if len(made) != 1:
        raise found.error(f"{what} has exactly one of its fields", readers)
    return made
