"""From NetworkPolicies and cluster-wide policies to the nftables table of each node. Pure.

A pod that NetworkPolicies select has one chain for each isolated direction, with all that any of them allows and a drop
at its end; pods with the same rules share it. Where an Admin tier is about the pod, its rules come first, in their
order, and go to that chain for what they pass on; where no NetworkPolicy selects the pod, it has the rules of the
Baseline tier instead. Only replies and ICMP errors pass by connection tracking: every other packet of a connection is
judged anew, so one that is no longer allowed stops at once. Packets between a pod and its own node never come to the
hook "forward", and what a pod sends to itself through a Service is let through.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.nftables.content import Content, name_for
from pytest_k8snet.embedded.policy.conditions import Condition, Conditions
from pytest_k8snet.embedded.policy.matches import ports_of
from pytest_k8snet.embedded.policy.tiers import ACCEPT, ADMIN, BASELINE, DENY, PASS, Tiers
from pytest_k8snet.embedded.policy.world import PEERS, Census, NamedPort, Pod, World, policy_types

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

DIRECTIONS = tuple(PEERS)
Declared = tuple[NamedPort, ...]


@dataclass(frozen=True)
class _Rules:
    """Rules in their order; ``uses`` are the sets that they look into."""

    texts: tuple[str, ...] = ()
    uses: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Chain:
    """The rules of a pod in one direction, with the chain that they go on to, if any."""

    name: str
    rules: _Rules
    onward: _Chain | None = None


@dataclass(frozen=True)
class _Applying:
    """The policies that are about a pod in one direction: of the Admin tier, NetworkPolicies, of the Baseline tier."""

    admin: Sequence[Obj]
    namespaced: Sequence[Obj]
    baseline: Sequence[Obj]

    def __bool__(self) -> bool:
        return bool(self.admin or self.namespaced or self.baseline)

    @property
    def key(self) -> tuple[tuple[int, ...], ...]:
        """What tells these policies from others of the same world."""
        return tuple(tuple(map(id, policies)) for policies in (self.admin, self.namespaced, self.baseline))


@dataclass
class Compiler:
    """The rules for one world, node by node.

    ``former`` is the compiler of another world. If pods and namespaces are the same objects in both, the rules of the
    policies that are in both are not made again: a change of one policy then costs what that policy costs.
    """

    world: World
    former: InitVar[Compiler | None] = None
    _chains: dict[tuple[str, tuple[tuple[int, ...], ...], Declared], _Chain] = field(default_factory=dict)
    _known: dict[tuple[int, str, Declared], tuple[Condition, ...]] = field(default_factory=dict)
    _ranked: dict[tuple[int, str, Declared], tuple[tuple[str, Condition], ...]] = field(default_factory=dict)

    def __post_init__(self, former: Compiler | None) -> None:
        census = Census(self.world)
        self._conditions = Conditions(census)
        self._tiers = Tiers(self.world.cluster_policies, self.world.machines, census)
        if former and former.world.surroundings == self.world.surroundings:
            self._inherit(former)
        selected = [(policy, policy_types(policy), census.selected(policy)) for policy in self.world.policies]
        self._selecting: dict[str, dict[Pod, list[Obj]]] = {direction: {} for direction in DIRECTIONS}
        for policy, types, pods in selected:
            for direction in types:
                for pod in pods:
                    self._selecting[direction].setdefault(pod, []).append(policy)

    def _inherit(self, former: Compiler) -> None:
        """Policies are told apart by their identity, which is safe as long as both worlds hold them."""
        here = set(map(id, self.world.every_policy)) & set(map(id, former.world.every_policy))
        self._known = {key: found for key, found in former._known.items() if key[0] in here}
        self._ranked = {key: found for key, found in former._ranked.items() if key[0] in here}
        self._chains = {key: chain for key, chain in former._chains.items() if all(map(here.issuperset, key[1]))}
        conditions = itertools.chain(
            *self._known.values(), (one for rules in self._ranked.values() for _, one in rules)
        )
        self._conditions.inherit(former._conditions, {condition.uses for condition in conditions if condition.uses})

    def content(self, node: str) -> Content:
        """Return what is in the table of a node, besides the skeleton."""
        chains: dict[str, tuple[str, ...]] = {}
        elements: dict[tuple[str, str], str] = {}
        used: set[str] = set()
        own = [pod for pod in self.world.pods if pod.node == node and pod.shielded]
        for direction in DIRECTIONS:
            for pod in own:
                if applying := self._applying(pod, direction):
                    chain = self._chain(applying, direction, pod)
                    elements |= _attached(pod, direction.lower(), chain.name)
                    for one in filter(None, (chain, chain.onward)):
                        chains[one.name] = one.rules.texts
                        used |= one.rules.uses
        sets = self._conditions.sets
        for name in sorted(used):
            elements |= {(name, element): "" for element in sets[name].elements}
        return Content({name: sets[name].declaration for name in sorted(used)}, chains, elements)

    def _applying(self, pod: Pod, direction: str) -> _Applying:
        """The Baseline tier applies only where no NetworkPolicy does."""
        namespaced = self._selecting[direction].get(pod, ())
        baseline = () if namespaced else self._tiers.about(pod, BASELINE, direction)
        return _Applying(self._tiers.about(pod, ADMIN, direction), namespaced, baseline)

    def _chain(self, applying: _Applying, direction: str, pod: Pod) -> _Chain:
        """Return the first chain of a pod under some policies; most pods share it with others."""
        declared = _declared(direction, pod)
        key = (direction, applying.key, declared)
        if key not in self._chains:
            made = [rule for make in self.world.beforehand for rule in make(applying.namespaced, direction)]
            self._chains[key] = self._made(applying, direction, declared, _Rules(tuple(made)))
        return self._chains[key]

    def _made(self, applying: _Applying, direction: str, declared: Declared, first: _Rules) -> _Chain:
        if applying.namespaced:
            rest = self._allowing(applying.namespaced, direction, declared)
        else:
            rest = self._deciding(applying.baseline, direction, declared, "return")
        if not applying.admin:
            return _chain_of(_joined(first, rest))
        onward = _chain_of(rest) if rest.texts else None
        passed = f"goto {onward.name}" if onward else "return"
        admin = self._deciding(applying.admin, direction, declared, passed)
        return _chain_of(_joined(first, admin, _Rules((passed,))), onward)

    def _allowing(self, policies: Sequence[Obj], direction: str, declared: Declared) -> _Rules:
        """What any NetworkPolicy lets pass, and nothing else."""
        allowed = {condition for policy in policies for condition in self._allowed(policy, direction, declared)}
        texts = (*sorted({_rule(condition, "return") for condition in allowed}), "drop")
        return _Rules(texts, frozenset(condition.uses for condition in allowed if condition.uses))

    def _deciding(self, policies: Sequence[Obj], direction: str, declared: Declared, passed: str) -> _Rules:
        """The rules of a tier in their order; the first that fits decides."""
        verdicts = {ACCEPT: "return", DENY: "drop", PASS: passed}
        rules = [rule for policy in policies for rule in self._in_order(policy, direction, declared)]
        texts = tuple(_rule(condition, verdicts[action]) for action, condition in rules)
        return _Rules(texts, frozenset(condition.uses for _, condition in rules if condition.uses))

    def _allowed(self, policy: Obj, direction: str, declared: Declared) -> tuple[Condition, ...]:
        """What a policy lets pass; that depends on the selected pod only by the numbers of its named ports."""
        key = (id(policy), direction, declared)
        if key not in self._known:
            self._known[key] = tuple(
                condition
                for rule in policy["spec"].get(direction.lower()) or ()
                for peer in rule.get(PEERS[direction]) or (None,)
                for condition in self._conditions.of(policy, peer, ports_of(rule), direction, declared)
            )
        return self._known[key]

    def _in_order(self, policy: Obj, direction: str, declared: Declared) -> tuple[tuple[str, Condition], ...]:
        """What the rules of a cluster-wide policy do with which packets."""
        key = (id(policy), direction, declared)
        if key not in self._ranked:
            self._ranked[key] = tuple(
                (rule.action, condition)
                for rule in self._tiers.rules(policy, direction)
                for peer in rule.peers
                for condition in self._conditions.of(policy, peer, rule.ports, direction, declared)
            )
        return self._ranked[key]


def _chain_of(rules: _Rules, onward: _Chain | None = None) -> _Chain:
    return _Chain(name_for("pod", *rules.texts), rules, onward)


def _joined(*parts: _Rules) -> _Rules:
    texts = tuple(text for part in parts for text in part.texts)
    return _Rules(texts, frozenset().union(*(part.uses for part in parts)))


def _rule(condition: Condition, verdict: str) -> str:
    return f"{condition.text} {verdict}" if condition.text else verdict


def _declared(direction: str, pod: Pod) -> Declared:
    """The named ports of a pod matter to what comes to it, not to what it sends."""
    return pod.ports if direction == "Ingress" else ()


def _attached(pod: Pod, direction: str, chain: str) -> Mapping[tuple[str, str], str]:
    verdicts = {(direction, f'"{device}"'): f"jump {chain}" for device in pod.devices}
    return verdicts | {("itself", f'"{device}" . "{other}"'): "" for device in pod.devices for other in pod.devices}
