"""NetworkPolicies as case files write them: in short form or as manifests, every field looked at.

The API would refuse most of these mistakes as well, but only in the middle of a run and without file and line.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from pytest_k8snet.policy import cluster_manifests
from pytest_k8snet.policy.case_fields import PROTOCOLS, Read, cidr, port_name, read, selector
from pytest_k8snet.policy.located import Located
from pytest_k8snet.policy.placeholders import is_placeholder

SHORT = ("name", "namespace", "podSelector", "policyTypes", "ingress", "egress")
SPEC = SHORT[2:]
KIND = "NetworkPolicy"


def manifest(found: Located) -> dict[str, Any]:
    """Return the manifest of a policy. The short form is name, namespace and the fields of a NetworkPolicy's spec.

    Policies of other kinds have ``kind``, and no namespace.
    """
    entries = found.entries("a policy")
    if "kind" in entries and entries["kind"].choice("kind of policy", (KIND, *cluster_manifests.KINDS)) != KIND:
        return cluster_manifests.manifest(found)
    if "spec" in entries:
        whole = found.fields("a manifest", ("apiVersion", "kind", "metadata", "spec"), ("metadata",))
        meta = whole["metadata"].fields("metadata", ("name", "namespace", "labels", "annotations"), SHORT[:2])
        spec = whole["spec"].fields("spec", SPEC)
    else:
        meta = found.fields("a policy", SHORT, SHORT[:2])
        spec = {name: value for name, value in meta.items() if name in SPEC}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": KIND,
        "metadata": {name: meta[name].text(f"the policy's {name}") for name in SHORT[:2]},
        "spec": {"podSelector": {}} | {name: FIELDS[name](value) for name, value in spec.items()},
    }


def _types(found: Located) -> list[str]:
    return [one.choice("policy type", ("Ingress", "Egress")) for one in found.items("policy types")]


def _rules(peers: str) -> Read:
    readers: Mapping[str, Read] = {
        "ports": lambda ports: [_port(one) for one in ports.items("ports")],
        peers: lambda listed: [_peer(one) for one in listed.items("peers")],
    }
    direction = "an ingress rule" if peers == "from" else "an egress rule"
    return lambda found: [read(rule, direction, readers) for rule in found.items("rules")]


def _port(found: Located) -> dict[str, Any]:
    readers: Mapping[str, Read] = {
        "protocol": lambda name: name.choice("protocol", PROTOCOLS),
        "port": lambda port: port.number("a port", 1, 65535) if isinstance(port.plain(), int) else port_name(port),
        "endPort": lambda port: port.number("an endPort", 1, 65535),
    }
    made = read(found, "a port", readers)
    first = made.get("port")
    if "endPort" in made and not (isinstance(first, int) and first <= made["endPort"]):
        raise found.error("endPort needs a port that is a number and not above it")
    return made


def _peer(found: Located) -> dict[str, Any]:
    made = read(found, "a peer", {"podSelector": selector, "namespaceSelector": selector, "ipBlock": _block})
    if not made:
        raise found.error("a peer needs one of its fields", ("podSelector", "namespaceSelector", "ipBlock"))
    if "ipBlock" in made and len(made) > 1:
        raise found.error("a peer with ipBlock has no selectors")
    return made


def _block(found: Located) -> dict[str, Any]:
    readers: Mapping[str, Read] = {"cidr": cidr, "except": lambda all_of: [cidr(one) for one in all_of.items("CIDRs")]}
    made = read(found, "an ipBlock", readers, required=("cidr",))
    for outside in made.get("except", ()):
        if not (is_placeholder(outside) or is_placeholder(made["cidr"]) or _within(outside, made["cidr"])):
            raise found.error(f"the exception {outside} is not within {made['cidr']}")
    return made


def _within(inner: str, outer: str) -> bool:
    """Tell whether one network is part of another and smaller, as the API wants it of exceptions."""
    small, large = ipaddress.ip_network(inner), ipaddress.ip_network(outer)
    return small != large and small.version == large.version and small.subnet_of(large)  # type: ignore[arg-type]


FIELDS: Mapping[str, Read] = {
    "podSelector": selector,
    "policyTypes": _types,
    "ingress": _rules("from"),
    "egress": _rules("to"),
}
