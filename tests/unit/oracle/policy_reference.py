"""NetworkPolicy read a second time, slowly: as sets of (source, target) that policies open, one for each reading.

The API leaves some things open. Each way to read it is a `Reading`, under which every connection is allowed or not;
what is left open is what readings differ in.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_k8snet.oracle.policy_world import Party, World

Pair = tuple[str, str]


@dataclass(frozen=True)
class Reading:
    """One way to read what the API leaves open."""

    host_pods_are_pods: bool
    blocks_name_nodes: bool
    own_pod_and_node_exempt: bool


READINGS = [Reading(*choice) for choice in itertools.product((False, True), repeat=3)]


def allowed(world: World, parties: Sequence[Party], protocol: str, number: int, direction: str) -> list[set[Pair]]:
    """Return the pairs (by shown names) that one direction lets connect, for each reading."""
    return [_Enumeration(world, parties, protocol, number, reading).open_for(direction) for reading in READINGS]


class _Enumeration:
    def __init__(self, world: World, parties: Sequence[Party], protocol: str, number: int, reading: Reading) -> None:
        self.world, self.protocol, self.number, self.reading = world, protocol, number, reading
        self.parties = {party.shown: party for party in parties}
        self.pods = {
            name: party
            for name, party in self.parties.items()
            if party.namespace and (reading.host_pods_are_pods or not party.host_network)
        }

    def open_for(self, direction: str) -> set[Pair]:
        """Return the pairs that one direction leaves open: of ends that nothing isolates, by rules, by exemption."""
        isolated: set[str] = set()
        opened: set[Pair] = set()
        for policy in self.world.policies:
            if direction in self._types(policy["spec"]):
                own = self._pods_in({policy["metadata"]["namespace"]}, policy["spec"].get("podSelector"))
                isolated |= own
                opened |= {
                    pair
                    for rule in policy["spec"].get(direction.lower()) or []
                    for pair in self._rule(policy, rule, direction)
                    if pair[direction == "Ingress"] in own
                }
        everyone = set(itertools.product(self.parties, repeat=2))
        return {
            pair
            for pair in everyone
            if pair[direction == "Ingress"] not in isolated or pair in opened or self._exempt(*pair)
        }

    def _types(self, spec: Mapping[str, Any]) -> set[str]:
        return set(spec.get("policyTypes") or ()) or {"Ingress"} | ({"Egress"} if spec.get("egress") else set())

    def _exempt(self, source: str, target: str) -> bool:
        one, other = self.parties[source], self.parties[target]
        same_node = one.node == other.node != "" and (one.host_network or other.host_network)
        return self.reading.own_pod_and_node_exempt and (source == target or same_node)

    def _rule(self, policy: Mapping[str, Any], rule: Mapping[str, Any], direction: str) -> set[Pair]:
        others = self._peers(policy, rule.get("to" if direction == "Egress" else "from"))
        sources = others if direction == "Ingress" else set(self.parties)
        targets = others if direction == "Egress" else set(self.parties)
        return {
            (source, target)
            for target in targets
            if (self.protocol, self.number) in self._ports(rule.get("ports"), target)
            for source in sources
        }

    def _ports(self, ports: Sequence[Mapping[str, Any]] | None, target: str) -> set[tuple[str, int]]:
        """Return all that a list of ports opens at a target, out of what is asked and what the list names."""
        if not ports:
            return {(self.protocol, self.number)}
        opened: set[tuple[str, int]] = set()
        for entry in ports:
            protocol = entry.get("protocol") or "TCP"
            match entry.get("port"):
                case None:
                    opened.add((protocol, self.number))
                case str(name):
                    declared = self.pods[target].ports if target in self.pods else ()
                    opened |= {
                        (protocol, one.number) for one in declared if (one.name, one.protocol) == (name, protocol)
                    }
                case first:
                    opened |= {(protocol, number) for number in range(first, (entry.get("endPort") or first) + 1)}
        return opened

    def _peers(self, policy: Mapping[str, Any], peers: Sequence[Mapping[str, Any]] | None) -> set[str]:
        if not peers:
            return set(self.parties)
        found: set[str] = set()
        for peer in peers:
            if peer.get("ipBlock"):
                found |= self._in_block(peer["ipBlock"])
            elif peer.get("namespaceSelector") is not None:
                where = matching(peer["namespaceSelector"], self.world.namespaces)
                found |= self._pods_in(where, peer.get("podSelector"))
            else:
                found |= self._pods_in({policy["metadata"]["namespace"]}, peer["podSelector"])
        return found

    def _pods_in(self, namespaces: set[str], selector: Mapping[str, Any] | None) -> set[str]:
        labels = {name: pod.labels for name, pod in self.pods.items() if pod.namespace in namespaces}
        return matching(selector or {}, labels)

    def _in_block(self, block: Mapping[str, Any]) -> set[str]:
        return {
            name
            for name, party in self.parties.items()
            if _within(party.address, block["cidr"])
            and not any(_within(party.address, part) for part in block.get("except") or ())
            and (self.reading.blocks_name_nodes or not party.host_network)
        }


def _within(address: str, cidr: str) -> bool:
    """Compare as numbers, and numbers of one family only."""
    one, many = ipaddress.ip_address(address), ipaddress.ip_network(cidr)
    return one.version == many.version and int(many[0]) <= int(one) <= int(many[-1])


def matching(selector: Mapping[str, Any], labelled: Mapping[str, Mapping[str, str]]) -> set[str]:
    """Return the names of what a selector leaves over, taking away requirement by requirement."""
    left = set(labelled)
    for key, value in (selector.get("matchLabels") or {}).items():
        left &= {name for name in left if (key, value) in labelled[name].items()}
    for one in selector.get("matchExpressions") or ():
        having = {name for name in left if one["key"] in labelled[name]}
        valued = {name for name in having if labelled[name][one["key"]] in one.get("values", ())}
        left = {"In": valued, "NotIn": left - valued, "Exists": having, "DoesNotExist": left - having}[one["operator"]]
    return left
