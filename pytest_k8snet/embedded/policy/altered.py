"""Copies of NetworkPolicies in which something differs. Pure; what is not concerned is left as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.policy.world import PEERS

ChangeRule = Callable[[str, Obj], Obj]
"""From a direction (Ingress or Egress) and a rule to another rule."""

Replace = Callable[[Obj], Iterable[Obj]]
"""From a peer, or a port, to those in its place; none would allow everything, so there must be one."""


def with_spec(policy: Obj, **values: object) -> Obj:
    """Return a policy with other fields in its spec."""
    return {**policy, "spec": {**policy["spec"], **values}}


def with_rules(policy: Obj, change: ChangeRule) -> Obj:
    """Return a policy with every rule changed."""
    directions = ((direction, direction.lower()) for direction in PEERS)
    rules = {
        key: [change(direction, rule) for rule in policy["spec"][key]]
        for direction, key in directions
        if policy["spec"].get(key)
    }
    return with_spec(policy, **rules)


def replaced(rule: Obj, key: str, replace: Replace) -> Obj:
    """Return a rule with others in the place of the entries of one of its lists."""
    return {**rule, key: [new for old in rule[key] for new in replace(old)]} if rule.get(key) else rule


def with_peers(policy: Obj, replace: Replace) -> Obj:
    """Return a policy with others in the place of every peer of its rules."""
    return with_rules(policy, lambda direction, rule: replaced(rule, PEERS[direction], replace))


def with_ports(policy: Obj, replace: Replace) -> Obj:
    """Return a policy with others in the place of every entry of ``ports`` of its rules."""
    return with_rules(policy, lambda direction, rule: replaced(rule, "ports", replace))


def with_selectors(policy: Obj, change: Callable[[Obj], Obj]) -> Obj:
    """Return a policy with every selector changed: its own, and those of its peers."""
    own = with_spec(policy, podSelector=change(policy["spec"].get("podSelector") or {}))
    return with_peers(own, lambda peer: [_with_selectors(peer, change)])


def _with_selectors(peer: Obj, change: Callable[[Obj], Obj]) -> Obj:
    selectors = ("podSelector", "namespaceSelector")
    return peer | {key: change(peer[key]) for key in selectors if peer.get(key) is not None}
