"""What policies say of the arena that only a cluster can fill in: names of namespaces, and CIDRs of pods.

A case writes ``${pod z/c}`` where a CIDR stands, and namespaces by their short names.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_k8snet.policy.cases import Manifest, is_cluster_wide

NAMESPACE_NAME = "kubernetes.io/metadata.name"
VERSIONS = {"ipv4": 4, "ipv6": 6}
ANY = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}
BITS = {"ipv4": 32, "ipv6": 128}
SIDES = (("ingress", "from"), ("egress", "to"))
NAMESPACES = ("namespaceSelector", "namespaces")
FORMS = {
    "${any}": "every address",
    "${pod z/c}": "the pod's address",
    "${net z/c 8}": "the network around the pod's address that leaves 8 bits to hosts",
    "${node of z/c}": "the addresses of the pod's node",
    "${service z/c}": "the ClusterIPs of the pod's Service",
}
_FORM = re.compile(
    r"\$\{(?:(?P<any>any)|(?P<kind>pod|node of|service) (?P<pod>\S+/\S+)|net (?P<centre>\S+/\S+) (?P<bits>\d+))\}"
)
Addresses = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class _Places:
    names: Mapping[str, str]
    pods: Addresses
    nodes: Addresses
    services: Addresses
    families: Sequence[str]


def is_placeholder(cidr: str) -> bool:
    """Tell whether this is for the arena to fill in; everything else is taken as it stands."""
    return "$" in cidr


def mistake(placeholder: str) -> str:
    """Return what is wrong with the form of a placeholder, or an empty text."""
    found = _FORM.fullmatch(placeholder)
    if not found:
        return f"there is no placeholder {placeholder!r}; there are {', '.join(FORMS)}"
    if found["bits"] and not 0 < int(found["bits"]) <= BITS["ipv4"]:
        return f"{placeholder!r} leaves {found['bits']} bits to hosts; it can leave 1 to {BITS['ipv4']}"
    return ""


def pods_of(manifest: Manifest) -> set[str]:
    """Return the pods (``namespace/pod``) that the placeholders of a policy speak of."""
    found = (_FORM.fullmatch(cidr) for cidr in _cidrs(manifest))
    return {pod for match in found if match and (pod := match["pod"] or match["centre"])}


def concrete(
    manifest: Manifest,
    names: Mapping[str, str],
    addresses: Addresses,
    nodes: Addresses,
    services: Addresses,
    families: Sequence[str],
) -> dict[str, Any]:
    """Return the policy as it can be applied: real names of namespaces, real CIDRs.

    ``names`` are the real names of namespaces by their short ones; a namespace that is not among them keeps its own.
    ``addresses``, ``nodes`` and ``services`` are the addresses of a pod, of its node and of its Service, by
    ``namespace/pod``. ``families`` (ipv4, ipv6) are those that placeholders are filled in for; an ipBlock with one
    becomes a peer for each address, and ``networks`` of a cluster-wide policy get all. Literal CIDRs stay as they are.

    Raises LookupError for a placeholder without any address: to leave the peer out could allow everything.
    """
    places = _Places(names, addresses, nodes, services, families)
    spec = dict(manifest["spec"])
    for direction, side in SIDES:
        if spec.get(direction):
            spec[direction] = [
                rule | {side: [made for peer in rule[side] for made in _peers(peer, places)]}
                if rule.get(side)
                else rule
                for rule in spec[direction]
            ]
    if is_cluster_wide(manifest):
        (subject,) = _peers(spec["subject"], places)
        return dict(manifest) | {"spec": spec | {"subject": subject}}
    namespace = manifest["metadata"]["namespace"]
    metadata = dict(manifest["metadata"]) | {"namespace": names.get(namespace, namespace)}
    return dict(manifest) | {"metadata": metadata, "spec": spec}


def _peers(peer: Mapping[str, Any], places: _Places) -> list[dict[str, Any]]:
    if "networks" in peer:
        return [{"networks": _networks(peer["networks"], places)}]
    if "pods" in peer:
        return [{"pods": pods} for pods in _peers(peer["pods"], places)]
    for key in NAMESPACES:
        if key in peer:
            return [dict(peer) | {key: _selector(peer[key], places.names)}]
    if not any(map(is_placeholder, _block_cidrs(peer.get("ipBlock", {})))):
        return [dict(peer)]
    made = []
    for family in VERSIONS:
        outside = [cidr for text in peer["ipBlock"].get("except", ()) for cidr in _resolve(text, family, places)]
        rest = {"except": outside} if outside else {}
        made += [{"ipBlock": {"cidr": cidr} | rest} for cidr in _resolve(peer["ipBlock"]["cidr"], family, places)]
    if not made:
        raise LookupError(f"no address for {peer['ipBlock']['cidr']} in {', '.join(places.families)}")
    return made


def _networks(networks: Sequence[str], places: _Places) -> list[str]:
    made: dict[str, None] = {}
    for text in networks:
        found = [cidr for family in VERSIONS for cidr in _resolve(text, family, places)]
        made |= dict.fromkeys(found if is_placeholder(text) else [text])
    if not made:
        raise LookupError(f"no address for {', '.join(networks)} in {', '.join(places.families)}")
    return [*made]


def _selector(selector: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    made = dict(selector)
    if NAMESPACE_NAME in (matching := made.get("matchLabels", {})):
        made["matchLabels"] = matching | {NAMESPACE_NAME: names.get(matching[NAMESPACE_NAME], matching[NAMESPACE_NAME])}
    if "matchExpressions" in made:
        made["matchExpressions"] = [
            one | {"values": [names.get(value, value) for value in one["values"]]}
            if one["key"] == NAMESPACE_NAME and "values" in one
            else one
            for one in made["matchExpressions"]
        ]
    return made


def _resolve(cidr: str, family: str, places: _Places) -> list[str]:
    """Return the CIDRs of one family that stand for a literal or a placeholder."""
    found = _FORM.fullmatch(cidr)
    if not found:
        return [cidr] if ipaddress.ip_network(cidr, strict=False).version == VERSIONS[family] else []
    if family not in places.families:
        return []
    if found["any"]:
        return [ANY[family]]
    where = {"node of": places.nodes, "service": places.services}.get(found["kind"], places.pods)
    prefix = BITS[family] - int(found["bits"] or 0)
    return [
        str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))
        for address in where[found["pod"] or found["centre"]]
        if ipaddress.ip_address(address).version == VERSIONS[family]
    ]


def _cidrs(manifest: Manifest) -> Iterator[str]:
    for direction, side in SIDES:
        for rule in manifest["spec"].get(direction, ()):
            for peer in rule.get(side, ()):
                yield from _block_cidrs(peer.get("ipBlock", {}))
                yield from peer.get("networks", ())


def _block_cidrs(block: Mapping[str, Any]) -> Iterator[str]:
    if "cidr" in block:
        yield block["cidr"]
    yield from block.get("except", ())
