"""Bandwidth between pods of every two nodes: what is compared with what, and what people are told."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.iperf3.bench import Site
from pytest_k8snet.measure.iperf3.course import Course
from pytest_k8snet.measure.iperf3.failures import Unreached
from pytest_k8snet.measure.iperf3.pairs import (
    Pair,
    Streams,
    between,
    of_nodes,
    of_pods,
    sites,
    slower_than_peers,
)
from pytest_k8snet.measure.iperf3.results import Cpu, Throughput
from pytest_k8snet.measure.iperf3.seen import Seen
from pytest_k8snet.measure.iperf3.transfer import Manner
from pytest_k8snet.measure.rounds import FEWEST_ROUNDS, Plan
from pytest_k8snet.measure.verdict import Limit, Verdict

NODES = ["a", "b", "c"]
PLAN = Plan((5, 10), 0.98, 1.0, 1e9)
TENTH = Limit(0.1, "higher")
Speed = Callable[[Site, Site], float]


@dataclass(frozen=True)
class FakeCourse:
    """A stream that is as fast as ``rate`` says, by a client whose processor is ``busy`` percent of the time."""

    rate: Callable[[], float]
    busy: float = 10.0

    def __call__(self, number: int) -> float:
        return self.rate()

    def told(self, name: str) -> Seen:
        return Seen(name, Manner(), [Throughput(1e9, 1000, 1.0, Cpu(self.busy, 10.0), "iperf 3.12")])


def measured(speed: Speed, nodes: list[str] = NODES, busy: Collection[str] = ()) -> list[Streams]:
    """What is judged where a stream from a client to a server is so fast; 0 is a server that is not reached."""

    def opened(client: Site, server: Site) -> Course:
        if not speed(client, server):
            raise Unreached(f"{server} is not reached from {client}")
        spent = 98.0 if str(client) in busy else 10.0
        return cast(Course, FakeCourse(lambda: speed(client, server), spent))

    return between(nodes, opened, TENTH, PLAN)


def slow(pair: Pair, share: float = 0.01, *, hosts: bool = False) -> Speed:
    return lambda client, server: 1e9 * (share if (client.node, server.node) == pair and client.host is hosts else 1)


@given(st.lists(st.text(min_size=1), min_size=2, max_size=6, unique=True))
def test_every_ordered_pair_is_measured_once_and_each_node_by_itself(nodes: list[str]) -> None:
    found = measured(lambda client, server: 1e9, nodes)
    assert [one.pair for one in found] == [(source, target) for source in nodes for target in nodes]
    assert all(one.judged.verdict is Verdict.PASS for one in found)
    assert len(of_nodes(found)) == len(nodes) * (len(nodes) - 1)


def test_there_is_a_server_and_a_client_for_each_way() -> None:
    assert {str(site) for site in sites(["a", "b"])} == {"host on a", "host on b", "pod on a", "pod on b"}


@pytest.mark.parametrize("pair", [("a", "b"), ("c", "a"), ("b", "b")])
def test_one_slow_direction_is_the_only_one_that_fails(pair: Pair) -> None:
    found = measured(slow(pair))
    assert [one.pair for one in found if one.judged.verdict is Verdict.FAIL] == [pair]
    assert of_pods(found)[pair] == pytest.approx(1e7)


def test_pods_of_one_node_are_compared_with_what_goes_to_the_next_one() -> None:
    found = {one.pair: one.judged for one in measured(slow(("c", "a"), 0.5, hosts=True))}
    assert set(found["c", "c"].baseline) == {5e8}
    assert set(found["a", "a"].baseline) == {1e9}


def test_a_plain_pair_is_decided_at_the_first_look() -> None:
    assert {len(one.judged.subject) for one in measured(lambda client, server: 1e9)} == {FEWEST_ROUNDS}


def test_a_client_without_time_is_told_at_its_pairs_alone() -> None:
    found = measured(slow(("a", "b")), busy=["pod on b"])
    told = {
        one.pair for one in found if any("the client's processor was busy 98 %" in flag for flag in one.judged.flags)
    }
    assert told == {("b", "a"), ("b", "b"), ("b", "c")}


def test_pods_that_are_not_reached_are_told_and_the_others_are_measured() -> None:
    found = measured(lambda client, server: 0 if (client.node, server.node, client.host) == ("a", "c", False) else 1e9)
    troubled = [one for one in found if one.judged.trouble]
    assert [(one.pair, one.judged.verdict) for one in troubled] == [(("a", "c"), Verdict.INCONCLUSIVE)]
    assert "pods, a -> c: pod on c is not reached" in troubled[0].judged.explain()
    assert ("a", "c") not in of_pods(found)


def test_nodes_that_do_not_reach_each_other_leave_only_what_is_compared_with_them() -> None:
    found = measured(lambda client, server: 0 if (client.node, server.node, client.host) == ("a", "b", True) else 1e9)
    assert [one.pair for one in found if one.judged.trouble] == [("a", "a"), ("a", "b")]


def test_a_baseline_that_breaks_in_the_middle_is_trouble_of_its_pairs() -> None:
    rounds: list[int] = []

    def breaking(client: Site, server: Site) -> float:
        if client == Site("b", host=True) and server.node == "a":
            rounds.append(1)
            if len(rounds) > 2:
                raise MeasurementError("killed")
        return 1e9

    found = measured(breaking)
    assert [(one.pair, str(one.judged.trouble)) for one in found if one.judged.trouble] == [(("b", "a"), "killed")]


def test_a_slow_pair_is_told_with_whose_fault_it_is() -> None:
    pods = {("a", "b"): 1e8, ("b", "a"): 1e9, ("a", "a"): 1e3}
    (sentence,) = slower_than_peers(pods, {("a", "b"): 9e8, ("b", "a"): 1e9})
    assert sentence.startswith("pods, a -> b: 0.10 of the median of the other pairs")
    assert sentence.endswith("it is 0.90 of theirs: the nodes' own link is not")
    (sentence,) = slower_than_peers(pods, {("a", "b"): 1e8, ("b", "a"): 1e9})
    assert sentence.endswith("the nodes' own link is slow")


@given(st.lists(st.floats(0.6, 1.0), min_size=6, max_size=6))
def test_pairs_that_are_about_alike_are_no_sentence(shares: list[float]) -> None:
    crossing = [(source, target) for source in NODES for target in NODES if source != target]
    pods = {pair: 1e9 * share for pair, share in zip(crossing, shares, strict=True)}
    assert list(slower_than_peers(pods, dict.fromkeys(crossing, 1e9))) == []


def test_a_single_pair_has_no_peers() -> None:
    assert list(slower_than_peers({("a", "b"): 1.0}, {("a", "b"): 1.0})) == []
