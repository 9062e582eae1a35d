"""Tiers of policies read a second time, slowly: every order that equal priorities leave open, rule by rule.

What a rule matches is written out as the sets of parties and ports that there are, instead of being asked of each.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_k8snet.oracle.policy_world import Connection, Party, World
from tests.unit.oracle import policy_reference
from tests.unit.oracle.policy_reference import matching

Policy = Mapping[str, Any]
PEERS = {"Ingress": "from", "Egress": "to"}


@dataclass(frozen=True)
class Tiered:
    """A world with cluster-wide policies, and the parties in it: pods with addresses of their own, and hosts."""

    world: World
    policies: Sequence[Policy]
    parties: Sequence[Party]

    def outcomes(self, connection: Connection, direction: str) -> set[bool]:
        """Return what one side may say: whether the connection passes, under some order of equal priorities."""
        found = set()
        for order in self._orders():
            action = self._first(order, "Admin", connection, direction)
            if action == "Pass" and self._isolated(connection, direction):
                found.add(self._namespaced(connection, direction))
            elif action == "Pass":
                found.add(self._first(order, "Baseline", connection, direction) != "Deny")
            else:
                found.add(action == "Accept")
        return found

    def _orders(self) -> Iterator[Sequence[Policy]]:
        for order in itertools.permutations(self.policies):
            priorities = [policy["spec"].get("priority", 0) for policy in order]
            if priorities == sorted(priorities):
                yield order

    def _first(self, order: Sequence[Policy], tier: str, connection: Connection, direction: str) -> str:
        """Return the action of the first rule that matches, Pass when there is none."""
        pair = (connection.source.shown, connection.target.shown)
        own, other = pair if direction == "Egress" else pair[::-1]
        for policy in order:
            if _tier(policy) != tier or own not in self._selected(policy["spec"]["subject"]):
                continue
            for rule in policy["spec"].get(direction.lower()) or ():
                others = set().union(*(self._selected(peer) for peer in rule[PEERS[direction]]))
                asked = (connection.protocol, connection.port)
                if other in others and asked in self._ports(rule, connection.target, asked):
                    return str(rule["action"]).replace("Allow", "Accept")
        return "Pass"

    def _selected(self, peer: Policy) -> set[str]:
        if "networks" in peer:
            networks = [ipaddress.ip_network(cidr) for cidr in peer["networks"]]
            return {one.shown for one in self.parties if any(ipaddress.ip_address(one.address) in n for n in networks)}
        chosen = {"namespaceSelector": peer["namespaces"], "podSelector": {}} if "namespaces" in peer else peer["pods"]
        namespaces = matching(chosen.get("namespaceSelector", {}), self.world.namespaces)
        labels = {one.shown: one.labels for one in self.parties if one.namespace in namespaces}
        return matching(chosen["podSelector"], labels)

    def _ports(self, rule: Policy, target: Party, asked: tuple[str, int]) -> set[tuple[str, int]]:
        listed = rule.get("ports", rule.get("protocols"))
        if listed is None:
            return {asked}
        opened: set[tuple[str, int]] = set()
        for entry in listed:
            ((key, value),) = entry.items()
            match key:
                case "namedPort" | "destinationNamedPort":
                    opened |= {(port.protocol, port.number) for port in target.ports if port.name == value}
                case "portNumber":
                    opened.add((value.get("protocol", "TCP"), value["port"]))
                case "portRange":
                    opened |= {(value.get("protocol", "TCP"), n) for n in range(value["start"], value["end"] + 1)}
                case protocol:
                    wanted = value["destinationPort"]
                    ends = wanted.get("range") or {"start": wanted["number"], "end": wanted["number"]}
                    opened |= {(protocol.upper(), n) for n in range(ends["start"], ends["end"] + 1)}
        return opened

    def _isolated(self, connection: Connection, direction: str) -> bool:
        """Tell whether NetworkPolicies leave a connection to nobody at all when they have no rules."""
        empty = [
            policy | {"spec": policy["spec"] | {"policyTypes": [direction], "ingress": [], "egress": []}}
            for policy in self.world.policies
            if direction in _types(policy["spec"])
        ]
        return not self._passes(World(tuple(empty), self.world.namespaces), connection, direction)

    def _namespaced(self, connection: Connection, direction: str) -> bool:
        return self._passes(self.world, connection, direction)

    def _passes(self, world: World, connection: Connection, direction: str) -> bool:
        readings = policy_reference.allowed(world, self.parties, connection.protocol, connection.port, direction)
        (passing,) = {(connection.source.shown, connection.target.shown) in pairs for pairs in readings}
        return passing


def _types(spec: Policy) -> Sequence[str]:
    return spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])


def _tier(policy: Policy) -> str:
    by_kind = {"AdminNetworkPolicy": "Admin", "BaselineAdminNetworkPolicy": "Baseline"}
    return by_kind.get(policy["kind"]) or str(policy["spec"]["tier"])
