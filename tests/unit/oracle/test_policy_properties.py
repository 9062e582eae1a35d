"""What holds of any NetworkPolicies, and that a second reading of the API comes to the same."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pytest_k8snet.oracle.network_policy import judge
from pytest_k8snet.oracle.policy_world import CERTAINTY, Connection, Party, Verdict, World
from tests.unit.oracle import policy_reference
from tests.unit.oracle.policy_examples import NAMESPACES, policy
from tests.unit.oracle.policy_strategies import NUMBERS, PROTOCOLS, WORLDS, ordinary, policies, rules, special

VERSIONS = st.sampled_from([4, 6])
# Each example asks for all pairs of eight ends.
MANY = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
SOME = settings(MANY, max_examples=40)
Verdicts = dict[tuple[str, str], Verdict]


def verdicts(world: World, parties: list[Party], protocol: str, number: int) -> Verdicts:
    return {
        (source.shown, target.shown): judge(world, Connection(source, target, protocol, number)).verdict
        for source in parties
        for target in parties
    }


def every(world: World, version: int, protocol: str = "TCP", number: int = 80) -> Verdicts:
    return verdicts(world, ordinary(version) + special(version), protocol, number)


def types_of(spec: Mapping[str, Any]) -> list[str]:
    """What a policy isolates, written out, for tests that change its rules only."""
    return spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]


def unanimous(pair: tuple[str, str], readings: list[set[tuple[str, str]]]) -> Verdict:
    allowing = sum(pair in reading for reading in readings)
    return {0: Verdict.DENIED, len(readings): Verdict.ALLOWED}.get(allowing, Verdict.UNDEFINED)


@MANY
@given(world=WORLDS, version=VERSIONS, protocol=PROTOCOLS, number=NUMBERS)
def test_the_slow_reference_agrees(world: World, version: int, protocol: str, number: int) -> None:
    parties = ordinary(version) + special(version)
    sides = [policy_reference.allowed(world, parties, protocol, number, side) for side in ("Egress", "Ingress")]
    # Each end may be read in its own way: another node, or another program, enforces it.
    expected = {
        (source.shown, target.shown): min(
            (unanimous((source.shown, target.shown), readings) for readings in sides), key=CERTAINTY.index
        )
        for source in parties
        for target in parties
    }
    assert verdicts(world, parties, protocol, number) == expected


def test_the_random_worlds_are_worth_asking() -> None:
    """Each verdict is frequent among pods that a policy selects, each kind of end comes to each verdict."""
    seen: Counter[tuple[str, Verdict]] = Counter()

    @settings(max_examples=60, database=None, derandomize=True, phases=[Phase.generate])
    @given(world=WORLDS, version=VERSIONS, protocol=PROTOCOLS, number=NUMBERS)
    def count(world: World, version: int, protocol: str, number: int) -> None:
        pods, others = ordinary(version), special(version)
        for source in pods + others:
            for target in pods:
                judgement = judge(world, Connection(source, target, protocol, number))
                if any(side.selecting for side in judgement.sides):
                    seen["special" if source in others else "ordinary", judgement.verdict] += 1

    count()
    ordinary_ends = sum(number for (kind, _), number in seen.items() if kind == "ordinary")
    assert seen["ordinary", Verdict.ALLOWED] > ordinary_ends / 10
    assert seen["ordinary", Verdict.DENIED] > ordinary_ends / 10
    assert all(seen["special", verdict] > 50 for verdict in Verdict), seen


@SOME
@given(world=WORLDS, version=VERSIONS, protocol=PROTOCOLS, number=NUMBERS)
def test_between_different_pods_and_outside_nothing_is_left_open(
    world: World, version: int, protocol: str, number: int
) -> None:
    judged = verdicts(world, ordinary(version), protocol, number)
    assert all(verdict != Verdict.UNDEFINED or source == target for (source, target), verdict in judged.items())


@SOME
@given(world=WORLDS, version=VERSIONS, data=st.data())
def test_another_rule_never_removes_a_connection(world: World, version: int, data: st.DataObject) -> None:
    direction = data.draw(st.sampled_from(["ingress", "egress"]))
    rule = data.draw(rules("from" if direction == "ingress" else "to"))
    at = data.draw(st.integers(0, len(world.policies) - 1))
    # What the policy isolates stays the same: only an egress rule would change that, by the default of policyTypes.
    spec: dict[str, Any] = dict(world.policies[at]["spec"])
    spec["policyTypes"] = types_of(spec)
    more = {**world.policies[at], "spec": {**spec, direction: [*spec.get(direction, []), rule]}}
    changed = dataclasses.replace(world, policies=(*world.policies[:at], more, *world.policies[at + 1 :]))
    before, after = every(world, version), every(changed, version)
    assert all(CERTAINTY.index(before[pair]) <= CERTAINTY.index(after[pair]) for pair in before)


@SOME
@given(world=WORLDS, version=VERSIONS, data=st.data())
def test_the_order_of_policies_and_their_number_do_not_matter(world: World, version: int, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations([*world.policies, *world.policies]))
    assert every(dataclasses.replace(world, policies=tuple(shuffled)), version) == every(world, version)


@SOME
@given(world=WORLDS, version=VERSIONS, one=policies())
def test_policies_of_one_pod_and_direction_add_up(world: World, version: int, one: dict[str, Any]) -> None:
    """With one policy more a pod that was isolated gains what the new one allows, and loses nothing."""
    together = every(dataclasses.replace(world, policies=(*world.policies, one)), version)
    closed = policy(one["metadata"]["namespace"], "closed", **one["spec"] | {"ingress": [], "egress": []})
    types = types_of(one["spec"])
    closed["spec"]["policyTypes"] = types
    without = every(dataclasses.replace(world, policies=(*world.policies, closed)), version)
    assert all(CERTAINTY.index(without[pair]) <= CERTAINTY.index(together[pair]) for pair in without)


@SOME
@given(world=WORLDS, version=VERSIONS)
def test_an_empty_pod_selector_selects_every_pod_of_the_namespace_and_no_other(world: World, version: int) -> None:
    deny = policy("x", "deny", policyTypes=["Ingress", "Egress"])
    alone = every(World((deny,), NAMESPACES), version)
    for (source, target), verdict in alone.items():
        touched = source.startswith("x/") or target.startswith("x/")
        assert (verdict != Verdict.ALLOWED) == touched
    both = every(dataclasses.replace(world, policies=(*world.policies, deny)), version)
    elsewhere = [pair for pair in both if not any(name.startswith("x/") for name in pair)]
    without = every(world, version)
    assert all(both[pair] == without[pair] for pair in elsewhere)


@SOME
@given(world=WORLDS, version=VERSIONS)
def test_ingress_rules_say_nothing_of_egress_nor_egress_rules_of_ingress(world: World, version: int) -> None:
    def only(direction: str) -> World:
        kept = []
        for one in world.policies:
            types = types_of(one["spec"])
            if direction in types:
                kept.append({**one, "spec": {**one["spec"], "policyTypes": [direction]}})
        return dataclasses.replace(world, policies=tuple(kept))

    into, out_of, both = every(only("Ingress"), version), every(only("Egress"), version), every(world, version)
    for pair, verdict in both.items():
        assert verdict == min(into[pair], out_of[pair], key=CERTAINTY.index)


@SOME
@given(world=WORLDS, version=VERSIONS, protocol=PROTOCOLS, number=NUMBERS)
def test_every_judgement_gives_a_reason_of_one_line_and_names_what_selects(
    world: World, version: int, protocol: str, number: int
) -> None:
    for source in ordinary(version) + special(version):
        for target in ordinary(version):
            judgement = judge(world, Connection(source, target, protocol, number))
            assert judgement.because
            assert "\n" not in judgement.because
            for side in judgement.sides:
                if side.selecting and side.verdict != Verdict.ALLOWED:
                    assert any(name in side.because for name in side.selecting)
                if not side.selecting:
                    assert side.verdict == Verdict.ALLOWED


def test_a_pod_of_an_unknown_namespace_is_a_mistake_that_is_said() -> None:
    peer = {"from": [{"namespaceSelector": {}}]}
    world = World((policy("x", ingress=[peer]),), {"x": {}})
    stranger = Party("s", "10.0.0.9", "nowhere")
    with pytest.raises(ValueError, match="namespace 'nowhere', which this world lacks; it has: x"):
        judge(world, Connection(stranger, ordinary(4)[0], "TCP", 80))
