"""The rules of AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy, and what they match.

Source: apis/v1alpha1 and apis/v1alpha2 of https://github.com/kubernetes-sigs/network-policy-api
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_k8snet.oracle.policy_rules import PEERS, View, in_block, namespace_labels
from pytest_k8snet.oracle.policy_world import NO, YES, Answer, Manifest, Party, Verdict, World, all_of, any_of
from pytest_k8snet.oracle.selectors import matches

PEER_FIELDS = frozenset({"namespaces", "pods", "nodes", "networks", "domainNames"})
EVERYONE: Manifest = {"networks": ["0.0.0.0/0", "::/0"]}


class Tier(enum.StrEnum):
    """Before and after NetworkPolicy."""

    ADMIN = "Admin"
    BASELINE = "Baseline"


class Action(enum.StrEnum):
    """What a rule does with the traffic that it matches. v1alpha1 has Allow for Accept."""

    ACCEPT = "Accept"
    DENY = "Deny"
    PASS = "Pass"


def tier_of(policy: Manifest) -> Tier:
    """Return the tier of a policy of any of the three kinds. Raise ValueError for another kind."""
    match policy["kind"]:
        case "AdminNetworkPolicy":
            return Tier.ADMIN
        case "BaselineAdminNetworkPolicy":
            return Tier.BASELINE
        case "ClusterNetworkPolicy":
            return Tier(policy["spec"]["tier"])
    raise ValueError(
        f"a policy is of the kind {policy['kind']!r}, not AdminNetworkPolicy, BaselineAdminNetworkPolicy or "
        "ClusterNetworkPolicy"
    )


def priority_of(policy: Manifest) -> int:
    """Return the priority within the tier, lower first. There is only one BaselineAdminNetworkPolicy, without any."""
    return int(policy["spec"].get("priority", 0))


def is_subject(world: World, policy: Manifest, party: Party) -> bool:
    """Tell whether a policy applies to a pod. hostNetwork pods are never included."""
    return _is_pod_of(world, policy["spec"]["subject"], party)


@dataclass(frozen=True, slots=True)
class ClusterRule:
    """A rule of a policy. ``name`` is how it is called: ``AdminNetworkPolicy base egress rule 0``."""

    name: str
    action: Action
    rule: Manifest
    direction: str

    def matches(self, world: World, view: View) -> Answer:
        """Answer whether the rule matches a connection; UNDEFINED only for what labels and addresses do not tell."""
        peers: Sequence[Manifest] = self.rule[PEERS[self.direction]]
        return all_of(any_of(*(_peer(world, peer, view) for peer in peers)), _ports(self.rule, view))


def rules_of(policy: Manifest, direction: str) -> Iterator[ClusterRule]:
    """Yield the rules of a policy. One with a peer of an unknown sort fails closed, as the API demands."""
    for index, rule in enumerate(policy["spec"].get(direction.lower()) or ()):
        name = f"{policy['kind']} {policy['metadata']['name']} {direction.lower()} rule {index}"
        action = Action(str(rule["action"]).replace("Allow", "Accept"))
        if all(PEER_FIELDS & peer.keys() for peer in rule[PEERS[direction]]):
            yield ClusterRule(name, action, rule, direction)
        elif action != Action.ACCEPT:
            yield ClusterRule(name, Action.DENY, {PEERS[direction]: [EVERYONE]}, direction)


def _is_pod_of(world: World, selector: Manifest, party: Party) -> bool:
    """Tell whether ``namespaces`` or ``pods`` select a party, which must be a pod with an address of its own."""
    if not party.namespace or party.host_network:
        return False
    labels = namespace_labels(world, party.namespace)
    if (namespaces := selector.get("namespaces")) is not None:
        return matches(namespaces, labels)
    pods = selector.get("pods")
    return (
        pods is not None
        and matches(pods.get("namespaceSelector") or {}, labels)
        and matches(pods.get("podSelector") or {}, party.labels)
    )


def _peer(world: World, peer: Manifest, view: View) -> Answer:
    other = view.other
    if networks := peer.get("networks"):
        return _networks(networks, view)
    if (nodes := peer.get("nodes")) is not None:
        return _node(nodes, other)
    if peer.get("domainNames"):
        return Answer(Verdict.UNDEFINED, f"domain names may stand for {other.address}")
    return YES if _is_pod_of(world, peer, other) else NO


def _networks(networks: Sequence[str], view: View) -> Answer:
    """Answer for the address that is reached; left open if that of the Service, before DNAT, tells otherwise."""
    reached, asked = view.other.address, view.frontend.address if view.frontend else view.other.address
    after, before = (any(in_block({"cidr": cidr}, one) for cidr in networks) for one in (reached, asked))
    if before != after:
        why = f"policies may see the connection before or after DNAT, to {asked} or to {reached} of {view.other.shown}"
        return Answer(Verdict.UNDEFINED, why)
    return YES if after else NO


def _node(selector: Manifest, other: Party) -> Answer:
    """Answer whether a node is selected; of the node of a hostNetwork pod the labels are not known."""
    if not other.host_network:
        return NO
    if other.namespace and selector:
        return Answer(Verdict.UNDEFINED, f"the labels of {other.shown}'s node are not known")
    return YES if matches(selector, other.labels) else NO


def _ports(rule: Manifest, view: View) -> Answer:
    ports: Sequence[Manifest] = rule.get("ports") or rule.get("protocols") or ()
    return YES if not ports or any(_port(port, view) for port in ports) else NO


def _port(port: Manifest, view: View) -> bool:
    """Tell whether one of ``ports`` (v1alpha1) or ``protocols`` (v1alpha2) fits."""
    protocol, number = view.connection.protocol, view.connection.port
    name = port.get("namedPort") or port.get("destinationNamedPort")
    if name:
        target = view.connection.target
        declared = () if target.host_network else target.ports
        return any((one.name, one.protocol, one.number) == (name, protocol, number) for one in declared)
    if (old := port.get("portNumber") or port.get("portRange")) is not None:
        if (old.get("protocol") or "TCP") != protocol:
            return False
        return bool(old["port"] == number if "port" in old else old["start"] <= number <= old["end"])
    if protocol.lower() not in port:
        return False
    wanted = (port[protocol.lower()] or {}).get("destinationPort")
    if not wanted:
        return True
    reach = wanted.get("range")
    return bool(reach["start"] <= number <= reach["end"] if reach else wanted["number"] == number)
