"""Whether a rule of a NetworkPolicy allows a connection: its peers and its ports.

Source: https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pytest_k8snet.oracle.policy_world import (
    NO,
    YES,
    Answer,
    Connection,
    Frontend,
    Manifest,
    Party,
    Verdict,
    World,
    all_of,
    any_of,
)
from pytest_k8snet.oracle.selectors import matches

INGRESS, EGRESS = "Ingress", "Egress"
PEERS = {INGRESS: "from", EGRESS: "to"}


@dataclass(frozen=True, slots=True)
class View:
    """A connection as the policies of one of its ends see it. ``frontend`` is the Service that it was sent to."""

    direction: str
    connection: Connection
    frontend: Frontend | None = None

    @property
    def own(self) -> Party:
        """The end that policies of this direction can select."""
        return self.connection.target if self.direction == INGRESS else self.connection.source

    @property
    def other(self) -> Party:
        """The end that peers of rules can name."""
        return self.connection.source if self.direction == INGRESS else self.connection.target

    @property
    def source_is_lost(self) -> bool:
        """Whether the other end may come with an address that is not its own."""
        if self.direction == EGRESS or self.frontend is None:
            return False
        return same_pod(self.own, self.other) or (self.frontend.external and not self.frontend.local)

    def may_be_seen_as_node(self, pod: Party) -> bool:
        """Tell whether a rule may fail to see a hostNetwork pod. Who sees the own end as a pod sees all so."""
        return pod.host_network and not self.own.host_network


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule of a policy that selects says: of the peer alone, of the port alone, and altogether."""

    policy: Manifest
    index: int
    rule: Mapping[str, Any]
    peers: Answer
    ports: Answer
    answer: Answer


def same_pod(one: Party, other: Party) -> bool:
    """Tell whether both parties are the same pod."""
    return (one.namespace, one.name) == (other.namespace, other.name)


def affects(policy: Manifest, direction: str) -> bool:
    """Tell whether a policy isolates in a direction. Without policyTypes: in Egress only if it has egress rules."""
    spec = policy["spec"]
    types = spec.get("policyTypes") or ([INGRESS, EGRESS] if spec.get("egress") else [INGRESS])
    return direction in types


def selects(policy: Manifest, party: Party) -> bool:
    """Tell whether a policy's namespace and podSelector fit a pod."""
    return policy["metadata"]["namespace"] == party.namespace and matches(
        policy["spec"].get("podSelector") or {}, party.labels
    )


def findings(world: World, policy: Manifest, view: View) -> Iterator[Finding]:
    """Yield what each rule of a policy says, in the order of the manifest."""
    for index, rule in enumerate(policy["spec"].get(view.direction.lower()) or ()):
        peers: Sequence[Manifest] = rule.get(PEERS[view.direction]) or ()
        yield Finding(
            policy,
            index,
            rule,
            any_of(*(_peer(world, policy, peer, view) for peer in peers)) if peers else YES,
            _ports_at_target(rule, view),
            any_of(*(_before_and_after(world, policy, peer, rule, view) for peer in peers or (None,))),
        )


def _before_and_after(world: World, policy: Manifest, peer: Manifest | None, rule: Manifest, view: View) -> Answer:
    """Answer for a peer (None: any) and the rule's ports, before and after the Service's DNAT where that is open."""
    after = all_of(YES if peer is None else _peer(world, policy, peer, view), _ports_at_target(rule, view))
    frontend = view.frontend
    if frontend is None or view.direction == INGRESS:
        return after
    block = None if peer is None else peer.get("ipBlock")
    if not frontend.external and not block:
        return after
    if _before(frontend, peer, rule).verdict == after.verdict:
        return after
    return Answer(
        Verdict.UNDEFINED,
        f"policies may see the connection before or after DNAT, to {frontend.address} at {frontend.port} or to "
        f"{view.other.address} of {view.other.shown} at {view.connection.port}",
    )


def _before(frontend: Frontend, peer: Manifest | None, rule: Manifest) -> Answer:
    """Answer for the Service's own address and port, which no selector names and which has no named ports."""
    number = _ports(rule, frontend.protocol, frontend.port, None)
    if peer is None:
        return number
    if not peer.get("ipBlock") or not in_block(peer["ipBlock"], frontend.address):
        return NO
    return all_of(Answer(Verdict.UNDEFINED) if frontend.external else YES, number)


def _peer(world: World, policy: Manifest, peer: Manifest, view: View) -> Answer:
    if block := peer.get("ipBlock"):
        return _block(block, view)
    if view.source_is_lost:
        return Answer(Verdict.UNDEFINED, _source_lost(view))
    if not view.other.namespace or not _selected(world, policy, peer, view.other):
        return NO
    if view.may_be_seen_as_node(view.other):
        return Answer(
            Verdict.UNDEFINED,
            f"the selectors fit {view.other.shown}, a hostNetwork pod, which the API lets implementations treat as a "
            "pod or as its node",
        )
    return YES


def _selected(world: World, policy: Manifest, peer: Manifest, pod: Party) -> bool:
    """Tell whether a peer's selectors fit a pod; without a namespaceSelector only the policy's own namespace does."""
    namespaces, pods = peer.get("namespaceSelector"), peer.get("podSelector")
    if namespaces is None:
        return pods is not None and pod.namespace == policy["metadata"]["namespace"] and matches(pods, pod.labels)
    return matches(namespaces, namespace_labels(world, pod.namespace)) and matches(pods or {}, pod.labels)


def namespace_labels(world: World, namespace: str) -> Mapping[str, str]:
    """Return the labels of a namespace. Raise ValueError if the world lacks it."""
    if namespace not in world.namespaces:
        known = ", ".join(sorted(world.namespaces)) or "none"
        raise ValueError(f"a pod is in the namespace {namespace!r}, which this world lacks; it has: {known}")
    return world.namespaces[namespace]


def _block(block: Mapping[str, Any], view: View) -> Answer:
    if view.source_is_lost:
        same_family = _network(block["cidr"]).version == _address(view.own.address).version
        return Answer(Verdict.UNDEFINED, _source_lost(view)) if same_family else NO
    if not in_block(block, view.other.address):
        return NO
    if view.other.host_network:
        return Answer(
            Verdict.UNDEFINED,
            f"an ipBlock contains {view.other.address} of {view.other.shown}, but a node has several addresses and "
            "implementations differ in whether blocks mean nodes",
        )
    return YES


def _source_lost(view: View) -> str:
    return (
        f"the path through the Service may give {view.other.shown} another source address, so whether a rule's peers "
        "include it is left open"
    )


def in_block(block: Mapping[str, Any], address: str) -> bool:
    """Tell whether an address is in an ipBlock's cidr and in none of its exceptions, in one family only."""
    parsed = _address(address)
    return parsed in _network(block["cidr"]) and not any(parsed in _network(text) for text in block.get("except") or ())


def _ports_at_target(rule: Manifest, view: View) -> Answer:
    connection = view.connection
    answer = _ports(rule, connection.protocol, connection.port, connection.target)
    if answer.verdict == Verdict.DENIED or not view.may_be_seen_as_node(connection.target):
        return answer
    return any_of(_ports(rule, connection.protocol, connection.port, None), _named_on_node(connection))


def _named_on_node(connection: Connection) -> Answer:
    return Answer(
        Verdict.UNDEFINED,
        f"a named port is one of {connection.target.shown}, a hostNetwork pod, which the API lets implementations "
        "treat as its node, and a node has no named ports",
    )


def _ports(rule: Manifest, protocol: str, number: int, target: Party | None) -> Answer:
    ports: Sequence[Manifest] = rule.get("ports") or ()
    return any_of(*(_port(port, protocol, number, target) for port in ports)) if ports else YES


def _port(port: Manifest, protocol: str, number: int, target: Party | None) -> Answer:
    """Answer for one port of a rule. A name stands for what the destination pod declares with it and the protocol."""
    wanted = port.get("port")
    if (port.get("protocol") or "TCP") != protocol:
        return NO
    if wanted is None:
        return YES
    if not isinstance(wanted, str):
        return YES if wanted <= number <= (port.get("endPort") or wanted) else NO
    return YES if target and (wanted, protocol, number) in _declared(target) else NO


def _declared(pod: Party) -> Iterator[tuple[str, str, int]]:
    return ((port.name, port.protocol, port.number) for port in pod.ports)


@lru_cache(maxsize=4096)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text, strict=False)


@lru_cache(maxsize=4096)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(text)
