"""What the documentation of NetworkPolicy promises, said a second time and as plainly as possible."""

from __future__ import annotations

import ipaddress
from typing import Any

from pytest_k8snet.embedded.policy.world import Pod, World
from tests.unit.embedded_policy.packets import Flow


def allowed(world: World, flow: Flow) -> bool:
    """Both sides must allow a connection; a pod is always allowed to talk to itself."""
    if flow.source is flow.target:
        return True
    return _side(world, flow, "Egress", flow.source, flow.target) and _side(
        world, flow, "Ingress", flow.target, flow.source
    )


def _side(world: World, flow: Flow, direction: str, own: Pod | str, other: Pod | str) -> bool:
    if isinstance(own, str):
        return True
    isolating = [
        policy
        for policy in world.policies
        if policy["metadata"]["namespace"] == own.namespace
        and _selects(policy["spec"].get("podSelector", {}), own.labels)
        and direction in _types(policy["spec"])
    ]
    rules = [(policy, rule) for policy in isolating for rule in policy["spec"].get(direction.lower(), [])]
    return not isolating or any(_rule_allows(world, flow, policy, rule, direction, other) for policy, rule in rules)


def _types(spec: dict[str, Any]) -> list[str]:
    if spec.get("policyTypes"):
        return list(spec["policyTypes"])
    return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _rule_allows(
    world: World, flow: Flow, policy: dict[str, Any], rule: dict[str, Any], direction: str, other: Pod | str
) -> bool:
    peers = rule.get("from" if direction == "Ingress" else "to")
    ports = rule.get("ports")
    return (not peers or any(_peer(world, flow, policy, peer, other) for peer in peers)) and (
        not ports or any(_port(flow, port) for port in ports)
    )


def _peer(world: World, flow: Flow, policy: dict[str, Any], peer: dict[str, Any], other: Pod | str) -> bool:
    if "ipBlock" in peer:
        address = _address(other, flow.version)
        inside = [ipaddress.ip_network(text) for text in peer["ipBlock"].get("except", [])]
        return address in ipaddress.ip_network(peer["ipBlock"]["cidr"]) and not any(address in part for part in inside)
    if isinstance(other, str):
        return False
    if "namespaceSelector" in peer:
        fits = _selects(peer["namespaceSelector"], world.namespaces[other.namespace])
    else:
        fits = other.namespace == policy["metadata"]["namespace"]
    return fits and _selects(peer.get("podSelector", {}), other.labels)


def _port(flow: Flow, port: dict[str, Any]) -> bool:
    if port.get("protocol", "TCP").lower() != flow.protocol:
        return False
    if "port" not in port:
        return True
    if isinstance(port["port"], str):
        named = flow.target.ports if isinstance(flow.target, Pod) else ()
        return any((one.name, one.protocol, one.number) == (port["port"], flow.protocol, flow.port) for one in named)
    return bool(port["port"] <= flow.port <= port.get("endPort", port["port"]))


def _selects(selector: dict[str, Any], labels: Any) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for one in selector.get("matchExpressions", []):
        holds = {
            "In": lambda one=one: labels.get(one["key"]) in one["values"],
            "NotIn": lambda one=one: labels.get(one["key"]) not in one["values"],
            "Exists": lambda one=one: one["key"] in labels,
            "DoesNotExist": lambda one=one: one["key"] not in labels,
        }[one["operator"]]
        if not holds():
            return False
    return True


def _address(end: Pod | str, version: int) -> Any:
    if isinstance(end, Pod):
        end = next(address for address in end.addresses if (":" in address) == (version == 6))
    return ipaddress.ip_address(end)
