"""Random sets of NetworkPolicies, each a case: the same seed and number give the same case on any machine.

Everything that the API has is drawn, and so that most sets leave something open and close something.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations, product
from typing import Any, TypeVar

from pytest_k8snet.oracle.policy_world import Verdict
from pytest_k8snet.policy.case_steps import described
from pytest_k8snet.policy.cases import Apply, Case, Route, Step
from pytest_k8snet.policy.placeholders import ANY, NAMESPACE_NAME, SIDES
from pytest_k8snet.policy.simulation import play
from pytest_k8snet.policy.world import NAMED_PORTS, NAMESPACES, PODS, PORTS, PROTOCOLS, judged

SPEC = "https://kubernetes.io/docs/concepts/services-networking/network-policies"
MOST_POLICIES = 6
DRAWS = 50
# Of all cells, so many at least are allowed and so many denied; without that the case is drawn again.
SHARE = 0.05
PORT_NAMES = (*(port.name for port in NAMED_PORTS), "nobody")
RANGES = ((80, 80), (80, 81), (1, 80), (53, 84), (81, 65535), (82, 90))
# The bits for hosts of a network around a pod, from two addresses to what is mostly all pods.
NETS = (1, 4, 6, 8, 16)

Json = dict[str, Any]
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Drawn:
    """The case that a seed gives for a number."""

    case: Case
    seed: int
    number: int

    def __str__(self) -> str:
        return self.case.id


class Dice:
    """Decisions from ``random.random()`` alone: of other methods Python does not promise the same in every version."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def chance(self, probability: float) -> bool:
        """Decide for or against something."""
        return self._random() < probability

    def number(self, low: int, high: int) -> int:
        """Choose a number, these two included."""
        return low + int(self._random() * (high - low + 1))

    def one(self, things: Sequence[Thing]) -> Thing:
        """Choose one."""
        return things[int(self._random() * len(things))]

    def some(self, things: Sequence[Thing], low: int, high: int) -> list[Thing]:
        """Choose a number of them between two bounds, each once, in their order."""
        left = [*range(len(things))]
        chosen = [left.pop(int(self._random() * len(left))) for _ in range(min(self.number(low, high), len(left)))]
        return [things[place] for place in sorted(chosen)]

    def several(self, make: Callable[[Dice], Json], most: int) -> list[Json]:
        """Make 1 to ``most`` things, fewer rather than more."""
        made = [make(self)]
        while len(made) < most and self.chance(0.4):
            made.append(make(self))
        return made


def draw_all(seed: int, count: int) -> tuple[Drawn, ...]:
    """Return the cases with the numbers from 1."""
    return tuple(draw(seed, number) for number in range(1, count + 1))


def draw(seed: int, number: int) -> Drawn:
    """Return a case of one step whose table has both cells that are allowed and cells that are denied.

    Should so many draws as ``DRAWS`` have no such table, the last one is taken as it is.
    """
    dice = Dice(f"pytest-k8snet {seed} {number}")
    for _ in range(DRAWS):
        case = _case(dice, seed, number)
        if is_mixed(case):
            break
    return Drawn(case, seed, number)


def is_mixed(case: Case) -> bool:
    """Tell whether at least ``SHARE`` of the cells after the last step are allowed, and as many denied."""
    state, step = play(case)[-1], case.steps[-1]
    verdicts = [
        judged(state, source, target, family, protocol, port, step.route).verdict
        for (source, target), family, protocol, port in product(
            permutations(state.pods, 2), state.families(), step.protocols, step.ports
        )
    ]
    return all(verdicts.count(one) >= SHARE * len(verdicts) for one in (Verdict.ALLOWED, Verdict.DENIED))


def _case(dice: Dice, seed: int, number: int) -> Case:
    # Few policies show more of each, many show more of their union.
    count = dice.one((1, 1, 2, 2, 3, 3, 4, 5, MOST_POLICIES))
    actions = tuple(Apply(_policy(dice, f"p{place}")) for place in range(1, count + 1))
    step = Step(", ".join(map(described, actions)), actions, Route.POD)
    return Case(f"fuzz-{number}", f"random policies, seed {seed}, number {number}", "extended", SPEC, (step,))


def _policy(dice: Dice, name: str) -> Json:
    types = dice.one(((), ("Ingress",), ("Egress",), ("Ingress", "Egress")))
    spec: Json = {"podSelector": _pods(dice)} | ({"policyTypes": [*types]} if types else {})
    # Without types, ingress is one and egress is when there are rules for it; rules beside the types do nothing.
    for direction, side in SIDES:
        usual = direction.capitalize() in types or (not types and direction == "ingress")
        if dice.chance(0.85 if usual else 0.25):
            spec[direction] = [] if dice.chance(0.1) else dice.several(partial(_rule, side=side), 3)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": dice.one(NAMESPACES)},
        "spec": spec,
    }


def _rule(dice: Dice, side: str) -> Json:
    rule: Json = {}
    if dice.chance(0.5):
        rule["ports"] = [] if dice.chance(0.1) else dice.several(_port, 3)
    if dice.chance(0.85):
        rule[side] = [] if dice.chance(0.1) else dice.several(_peer, 3)
    return rule


def _port(dice: Dice) -> Json:
    port: Json = {"protocol": dice.one(PROTOCOLS)} if dice.chance(0.7) else {}
    form = dice.one(("none", "number", "number", "name", "range", "range"))
    if form == "number":
        port["port"] = dice.one((*PORTS, *PORTS, 82))
    elif form == "name":
        port["port"] = dice.one(PORT_NAMES)
    elif form == "range":
        port["port"], port["endPort"] = dice.one(RANGES)
    return port


def _peer(dice: Dice) -> Json:
    form = dice.one(("pods", "namespaces", "both", "block"))
    if form == "block":
        return {"ipBlock": _block(dice)}
    peer: Json = {}
    if form != "pods":
        peer["namespaceSelector"] = _namespaces(dice)
    if form != "namespaces":
        peer["podSelector"] = _pods(dice)
    return peer


def _block(dice: Dice) -> Json:
    pod = _pod(dice)
    form = dice.one(("any", "family", "pod", "net", "net"))
    if form == "pod":
        return {"cidr": f"${{pod {pod}}}"}
    if form == "net":
        bits = dice.one(NETS)
        # What is excepted must be within: the pod around which the net is, or a smaller net around it.
        inside = [f"${{pod {pod}}}", *(f"${{net {pod} {fewer}}}" for fewer in NETS if fewer < bits)]
        block: Json = {"cidr": f"${{net {pod} {bits}}}"}
        return block | ({"except": [dice.one(inside)]} if dice.chance(0.5) else {})
    block = {"cidr": "${any}" if form == "any" else dice.one([*ANY.values()])}
    pods = [f"${{pod {namespace}/{name}}}" for namespace, name in product(NAMESPACES, PODS)]
    nets = [f"${{net {_pod(dice)} {bits}}}" for bits in NETS]
    return block | ({"except": dice.some([*pods, *nets], 1, 3)} if dice.chance(0.7) else {})


def _pod(dice: Dice) -> str:
    return f"{dice.one(NAMESPACES)}/{dice.one(PODS)}"


def _pods(dice: Dice) -> Json:
    return _selector(dice, ("pod",), PODS)


def _namespaces(dice: Dice) -> Json:
    return _selector(dice, ("ns", NAMESPACE_NAME), NAMESPACES)


def _selector(dice: Dice, keys: Sequence[str], values: Sequence[str]) -> Json:
    """Return a selector by labels with these keys and values, now and then by others that nothing has."""
    form = dice.one(("all", "all", "labels", "labels", "expressions", "expressions", "both"))
    selector: Json = {}
    if form in ("labels", "both"):
        selector["matchLabels"] = {dice.one(keys): dice.one(values)}
    if form in ("expressions", "both"):
        selector["matchExpressions"] = dice.several(partial(_expression, keys=keys, values=values), 2)
    return selector


def _expression(dice: Dice, keys: Sequence[str], values: Sequence[str]) -> Json:
    key = "unknown" if dice.chance(0.15) else dice.one(keys)
    operator = dice.one(("In", "In", "NotIn", "NotIn", "Exists", "DoesNotExist"))
    listed = {"values": dice.some(values, 1, 2)} if operator in ("In", "NotIn") else {}
    return {"key": key, "operator": operator} | listed
