"""Tiers of policies hold for whatever there may be: properties, and a second reading that agrees."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_k8snet.oracle.cluster_policy import judge_tiers
from pytest_k8snet.oracle.network_policy import judge
from pytest_k8snet.oracle.policy_world import Connection, Judgement, Verdict, World
from tests.unit.oracle.policy_strategies import WORLDS, ordinary, special
from tests.unit.oracle.tier_reference import Tiered
from tests.unit.oracle.tier_strategies import EQUALS, RANKED

VERSIONS = st.sampled_from([4, 6])
ASKED = st.sampled_from([("TCP", 80), ("TCP", 81), ("UDP", 80), ("SCTP", 81)])
EVERYBODY = {"namespaces": {}}


def judged(world: World, policies: list[Any], version: int, asked: tuple[str, int]) -> dict[tuple[str, str], Judgement]:
    """Judge every pair of different parties."""
    return {
        (source.shown, target.shown): judge_tiers(world, policies, Connection(source, target, *asked))
        for source, target in itertools.permutations(ordinary(version), 2)
    }


def verdicts(*asked: Any) -> dict[tuple[str, str], Verdict]:
    return {pair: judgement.verdict for pair, judgement in judged(*asked).items()}


def everything(tier: str, priority: int, action: str) -> dict[str, Any]:
    """Return a policy of all pods that does the same with all that comes to them and goes to pods."""
    rules = {"ingress": [{"action": action, "from": [EVERYBODY]}], "egress": [{"action": action, "to": [EVERYBODY]}]}
    spec = {"tier": tier, "priority": priority, "subject": EVERYBODY} | rules
    return {"kind": "ClusterNetworkPolicy", "metadata": {"name": f"all-{priority}"}, "spec": spec}


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(WORLDS, EQUALS, VERSIONS, ASKED)
def test_a_second_reading_that_tries_every_order_agrees(
    world: World, policies: list[Any], version: int, asked: tuple[str, int]
) -> None:
    parties = ordinary(version)
    tiered = Tiered(world, policies, parties)
    for source, target in itertools.permutations(parties, 2):
        connection = Connection(source, target, *asked)
        possible = [tiered.outcomes(connection, direction) for direction in ("Egress", "Ingress")]
        if {False} in possible:
            expected = Verdict.DENIED
        else:
            expected = Verdict.ALLOWED if possible == [{True}, {True}] else Verdict.UNDEFINED
        assert judge_tiers(world, policies, connection).verdict == expected


@settings(max_examples=40)
@given(WORLDS)
def test_without_cluster_policies_network_policy_alone_decides(world: World) -> None:
    for source, target in itertools.product(ordinary(4) + special(4), repeat=2):
        connection = Connection(source, target, "TCP", 80)
        assert judge_tiers(world, [], connection) == judge(world, connection)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(WORLDS, RANKED, VERSIONS, ASKED)
def test_with_a_priority_of_its_own_for_each_policy_nothing_is_left_open(
    world: World, policies: list[Any], version: int, asked: tuple[str, int]
) -> None:
    assert Verdict.UNDEFINED not in verdicts(world, policies, version, asked).values()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(WORLDS, EQUALS, VERSIONS, ASKED, st.randoms())
def test_the_order_in_which_policies_are_listed_does_not_matter(
    world: World, policies: list[Any], version: int, asked: tuple[str, int], random: Any
) -> None:
    shuffled = random.sample(policies, len(policies))
    assert judged(world, shuffled, version, asked) == judged(world, policies, version, asked)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(WORLDS, RANKED, VERSIONS, ASKED)
def test_what_the_highest_precedence_says_of_pods_is_final(
    world: World, policies: list[Any], version: int, asked: tuple[str, int]
) -> None:
    first = {
        action: verdicts(world, [everything("Admin", 0, action), *policies], version, asked)
        for action in ("Accept", "Deny")
    }
    for pair, verdict in first["Accept"].items():
        assert verdict == Verdict.ALLOWED or "internet" in pair
    for pair, verdict in first["Deny"].items():
        assert verdict == Verdict.DENIED or "internet" in pair


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(WORLDS, RANKED, VERSIONS, ASKED)
def test_passing_everything_on_leaves_what_there_is_without_the_admin_tier(
    world: World, policies: list[Any], version: int, asked: tuple[str, int]
) -> None:
    admin = [p for p in policies if p["kind"] == "AdminNetworkPolicy" or p["spec"].get("tier") == "Admin"]
    rest = [policy for policy in policies if policy not in admin]
    passing = verdicts(world, [everything("Admin", 0, "Pass"), *policies], version, asked)
    without = verdicts(world, rest, version, asked)
    assert {pair: said for pair, said in passing.items() if "internet" not in pair} == {
        pair: said for pair, said in without.items() if "internet" not in pair
    }


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(RANKED, VERSIONS, ASKED)
def test_under_a_network_policy_that_selects_all_the_baseline_says_nothing(
    policies: list[Any], version: int, asked: tuple[str, int]
) -> None:
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]}
    named = ({"metadata": {"namespace": name, "name": "all"}, "spec": spec} for name in "xyz")
    world = World(tuple(named), {name: {"ns": name} for name in "xyz"})
    kept = [policy for policy in policies if policy["spec"].get("tier") == "Baseline"]
    assert set(verdicts(world, kept, version, asked).values()) == {Verdict.ALLOWED}
