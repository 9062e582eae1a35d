"""From NetworkPolicies to the nftables table of each node. Pure.

A pod that a policy selects has one chain for each isolated direction, with all that any policy allows and a drop at its
end; pods with the same rules share it. Only replies and ICMP errors pass by connection tracking: every other packet of
a connection is judged anew, so one that is no longer allowed stops at once. Packets between a pod and its own node
never come to the hook "forward", and what a pod sends to itself through a Service is let through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, field

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.nftables.content import Content, name_for
from pytest_k8snet.embedded.policy.matches import (
    ADDRESS_TYPE,
    FAMILY,
    Ports,
    addresses_of,
    block_condition,
    by_version,
    ports_of,
    reached,
)
from pytest_k8snet.embedded.policy.world import Census, NamedPort, Pod, World, known_by, policy_types

SKELETON = Content(
    sets={
        "egress": "map { type ifname : verdict; }",
        "ingress": "map { type ifname : verdict; }",
        "itself": "set { type ifname . ifname; }",
    },
    chains={
        "forwarded": (
            "type filter hook forward priority filter",
            "ct state related accept",
            "ct state established ct direction reply accept",
            "iifname . oifname @itself accept",
            "iifname vmap @egress",
            "oifname vmap @ingress",
        )
    },
)

PEERS = {"Ingress": "from", "Egress": "to"}
SIDE = {"Ingress": "saddr", "Egress": "daddr"}


@dataclass(frozen=True)
class _Rule:
    """A rule that lets packets pass; ``uses`` is the set that it looks into, if any."""

    text: str
    uses: str = ""


@dataclass(frozen=True)
class _Chain:
    """The rules of a pod in one direction; ``uses`` are the sets that they look into."""

    name: str
    rules: tuple[str, ...]
    uses: frozenset[str]


@dataclass(frozen=True)
class _Set:
    declaration: str
    elements: tuple[str, ...]


@dataclass
class Compiler:
    """The rules for one world, node by node.

    ``former`` is the compiler of another world. If pods and namespaces are the same objects in both, the rules of the
    policies that are in both are not made again: a change of one policy then costs what that policy costs.
    """

    world: World
    former: InitVar[Compiler | None] = None
    _sets: dict[str, _Set] = field(default_factory=dict)
    _chains: dict[tuple[str, tuple[int, ...], tuple[NamedPort, ...]], _Chain] = field(default_factory=dict)
    _known: dict[tuple[int, str, tuple[NamedPort, ...]], tuple[_Rule, ...]] = field(default_factory=dict)
    _made: dict[str, tuple[_Rule, ...]] = field(default_factory=dict)

    def __post_init__(self, former: Compiler | None) -> None:
        if former and former.world.surroundings == self.world.surroundings:
            self._inherit(former)
        self._census = Census(self.world)
        selected = [(policy, policy_types(policy), self._census.selected(policy)) for policy in self.world.policies]
        self._selecting: dict[str, dict[Pod, list[Obj]]] = {"Ingress": {}, "Egress": {}}
        for policy, types, pods in selected:
            for direction in types:
                for pod in pods:
                    self._selecting[direction].setdefault(pod, []).append(policy)

    def _inherit(self, former: Compiler) -> None:
        """Policies are told apart by their identity, which is safe as long as both worlds hold them."""
        here = set(map(id, self.world.policies)) & set(map(id, former.world.policies))
        self._known = {key: rules for key, rules in former._known.items() if key[0] in here}
        self._chains = {key: chain for key, chain in former._chains.items() if here.issuperset(key[1])}
        used = {rule.uses for rules in self._known.values() for rule in rules if rule.uses}
        self._sets = {name: former._sets[name] for name in used}

    def content(self, node: str) -> Content:
        """Return what is in the table of a node, besides the skeleton."""
        chains: dict[str, tuple[str, ...]] = {}
        elements: dict[tuple[str, str], str] = {}
        used: set[str] = set()
        for direction, selecting in self._selecting.items():
            for pod, policies in selecting.items():
                if pod.node == node and pod.shielded:
                    chain = self._chain(policies, direction, pod)
                    chains[chain.name] = chain.rules
                    used |= chain.uses
                    elements |= _attached(pod, direction.lower(), chain.name)
        for name in sorted(used):
            elements |= {(name, element): "" for element in self._sets[name].elements}
        return Content({name: self._sets[name].declaration for name in sorted(used)}, chains, elements)

    def _chain(self, policies: Sequence[Obj], direction: str, pod: Pod) -> _Chain:
        """Return the chain of a pod under some policies; most pods share it with others."""
        key = (direction, tuple(map(id, policies)), _declared(direction, pod))
        if key not in self._chains:
            allowed = {rule for policy in policies for rule in self._allowed(policy, direction, pod)}
            first = (rule for make in self.world.beforehand for rule in make(policies, direction))
            rules = (*first, *sorted({rule.text for rule in allowed}), "drop")
            uses = frozenset(rule.uses for rule in allowed if rule.uses)
            self._chains[key] = _Chain(name_for("pod", *rules), rules, uses)
        return self._chains[key]

    def _allowed(self, policy: Obj, direction: str, pod: Pod) -> tuple[_Rule, ...]:
        """What a policy lets pass; that depends on the selected pod only by the numbers of its named ports."""
        key = (id(policy), direction, _declared(direction, pod))
        if key not in self._known:
            self._known[key] = tuple(self._rules(policy, direction, key[2]))
        return self._known[key]

    def _rules(self, policy: Obj, direction: str, declared: tuple[NamedPort, ...]) -> Iterator[_Rule]:
        for rule in policy["spec"].get(direction.lower()) or ():
            ports = ports_of(rule)
            for peer in rule.get(PEERS[direction]) or (None,):
                conditions = ports.conditions(declared)
                for where in self._where(policy, peer, SIDE[direction]) if conditions else ():
                    yield from (_Rule(_rule(where.text, condition), where.uses) for condition in conditions)
                if direction == "Egress" and ports.names:
                    yield from self._to_named_ports(policy, peer, ports)

    def _where(self, policy: Obj, peer: Obj | None, side: str) -> tuple[_Rule, ...]:
        """The conditions that an address is that of a peer; None stands for everyone."""
        return self._once(f"{side} {known_by(policy, peer)}", lambda key: self._conditions(policy, peer, side))

    def _to_named_ports(self, policy: Obj, peer: Obj | None, ports: Ports) -> tuple[_Rule, ...]:
        """A name stands for what the pod that is reached declares, so addresses and ports go together."""
        key = f"{known_by(policy, peer)} {sorted(ports.names)}"
        return self._once(key, lambda key: self._named_rules(key, policy, peer, ports))

    def _once(self, key: str, make: Callable[[str], Iterator[_Rule]]) -> tuple[_Rule, ...]:
        if key not in self._made:
            self._made[key] = tuple(make(key))
        return self._made[key]

    def _conditions(self, policy: Obj, peer: Obj | None, side: str) -> Iterator[_Rule]:
        if peer is None:
            yield _Rule("")
        elif peer.get("ipBlock"):
            yield _Rule(block_condition(peer["ipBlock"], side))
        else:
            for version, addresses in addresses_of(self._census.peers(policy, peer)).items():
                name = self._set(f"peers{version}", known_by(policy, peer), ADDRESS_TYPE[version], addresses)
                yield _Rule(f"{FAMILY[version]} {side} @{name}", name)

    def _named_rules(self, key: str, policy: Obj, peer: Obj | None, ports: Ports) -> Iterator[_Rule]:
        found: dict[tuple[int, str], list[str]] = {}
        for pod, addresses in reached(self._census, policy, peer):
            for protocol, number in ports.numbers_of(pod.ports):
                for version, listed in by_version(addresses).items():
                    entries = found.setdefault((version, protocol), [])
                    entries += [f"{address} . {number}" for address in listed]
        for (version, protocol), entries in found.items():
            name = self._set(f"ports{version}", f"{key} {protocol}", f"{ADDRESS_TYPE[version]} . inet_service", entries)
            yield _Rule(f"{FAMILY[version]} daddr . {protocol} dport @{name} return", name)

    def _set(self, prefix: str, key: str, kind: str, elements: Iterable[str]) -> str:
        name = name_for(prefix, key)
        self._sets[name] = _Set(f"set {{ type {kind}; }}", tuple(sorted(set(elements))))
        return name


def _rule(where: str, ports: str) -> str:
    return " ".join(part for part in (where, ports, "return") if part)


def _declared(direction: str, pod: Pod) -> tuple[NamedPort, ...]:
    """The named ports of a pod matter to what comes to it, not to what it sends."""
    return pod.ports if direction == "Ingress" else ()


def _attached(pod: Pod, direction: str, chain: str) -> Mapping[tuple[str, str], str]:
    verdicts = {(direction, f'"{device}"'): f"jump {chain}" for device in pod.devices}
    return verdicts | {("itself", f'"{device}" . "{other}"'): "" for device in pod.devices for other in pod.devices}
