"""The questions that suites ask: exactly the chosen pairs, never none, and no negative without its proof."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_k8snet.probe import questions
from pytest_k8snet.probe.controls import unproved
from pytest_k8snet.probe.observation import CONNECTS, REJECTED, Expectation, Family, Outcome, Pod, Protocol

Which = Callable[[Pod, Pod], bool]
TCP_UDP = (Protocol.TCP, Protocol.UDP)
NODES = ("node-1", "node-2", "node-3")


def _pod(number: int, node: str, *, host_network: bool = False) -> Pod:
    addresses = (f"10.0.0.{number}", f"fd00::{number:x}")
    return Pod("ns", f"pod-{number}", node, addresses, port=8080 + number % 2, host_network=host_network)


@st.composite
def _fleets(draw: st.DrawFn, least: int = 1) -> tuple[Pod, ...]:
    nodes = draw(st.lists(st.sampled_from(NODES), min_size=least, max_size=6))
    return tuple(_pod(number, node) for number, node in enumerate(nodes, 1))


FAMILIES = st.sampled_from(Family)
PROTOCOLS = st.lists(st.sampled_from(Protocol), unique=True)
CHOICES = st.sampled_from(
    [questions.other_pod, questions.same_node, questions.other_node, questions.itself, lambda source, target: False]
)


def _pairs(expectation: Expectation) -> set[tuple[Pod, str, Protocol]]:
    return {(probe.source, probe.column, probe.protocol) for probe in expectation.cells}


@given(pods=_fleets(), targets=_fleets(), family=FAMILIES, protocols=PROTOCOLS, which=CHOICES)
def test_reach_asks_exactly_the_chosen_pairs_or_refuses_to_ask_nothing(
    pods: tuple[Pod, ...], targets: tuple[Pod, ...], family: Family, protocols: list[Protocol], which: Which
) -> None:
    chosen = {
        (source, target.name, protocol)
        for source, target, protocol in product(pods, targets, protocols)
        if which(source, target)
    }
    if not chosen:
        with pytest.raises(ValueError, match=r"reach: no pair of pods was chosen"):
            questions.reach("reach", pods, targets, family, protocols, which=which)
        return
    expectation = questions.reach("reach", pods, targets, family, iter(protocols), which=which)
    assert _pairs(expectation) == chosen
    by_name = {target.name: target for target in targets}
    for probe, expected in expectation.cells.items():
        target = by_name[probe.column]
        assert (probe.address, probe.port) == (target.address(family), target.port)
        assert probe.target_node == target.node
        assert (expected.outcomes, expected.server, expected.source) == (CONNECTS, target.name, "")


@pytest.mark.parametrize(
    ("which", "chosen"),
    [
        (questions.other_pod, {"ab", "ac", "ba", "bc", "ca", "cb"}),
        (questions.same_node, {"ab", "ba"}),
        (questions.other_node, {"ac", "bc", "ca", "cb"}),
        (questions.itself, {"aa", "bb", "cc"}),
    ],
)
def test_pairs_are_chosen_by_where_the_pods_are(which: Which, chosen: set[str]) -> None:
    pods = [Pod("ns", name, node) for name, node in (("a", "node-1"), ("b", "node-1"), ("c", "node-2"))]
    assert {source.name + target.name for source in pods for target in pods if which(source, target)} == chosen


def test_between_two_pods_the_unchanged_source_can_be_asked_for() -> None:
    a, b, host = _pod(1, "node-1"), _pod(2, "node-2"), _pod(3, "node-2", host_network=True)
    asked = questions.reach("r", [a, host], [b, host], Family.IPV6, TCP_UDP, unchanged_source=True)
    sources = {(probe.source.name, probe.column): expected.source for probe, expected in asked.cells.items()}
    assert sources == {("pod-1", "pod-2"): "fd00::1", ("pod-1", "pod-3"): "", ("pod-3", "pod-2"): ""}


def test_size_and_dont_fragment_are_those_of_every_probe() -> None:
    asked = questions.reach(
        "r", [_pod(1, "n")], [_pod(2, "n")], Family.IPV4, (Protocol.UDP,), size=1472, dont_fragment=True
    )
    assert {(probe.size, probe.dont_fragment) for probe in asked.cells} == {(1472, True)}


def test_a_target_without_an_address_of_the_family_is_an_error() -> None:
    with pytest.raises(KeyError, match="pod ns/b has no ipv6 address"):
        questions.reach("r", [_pod(1, "n")], [Pod("ns", "b", "n", ("10.0.0.9",))], Family.IPV6, TCP_UDP)


def test_a_source_without_an_address_of_the_family_is_asked_nothing_about_it() -> None:
    source = Pod("ns", "b", "n", ("10.0.0.9",))
    asked = questions.reach("r", [source], [_pod(1, "n")], Family.IPV6, TCP_UDP, unchanged_source=True)
    assert {expected.source for expected in asked.cells.values()} == {""}


@given(pods=_fleets(2), family=FAMILIES)
def test_a_closed_port_is_asked_beside_the_port_that_answers(pods: tuple[Pod, ...], family: Family) -> None:
    asked = questions.closed_port("closed", pods, family, 9, which=questions.other_pod)
    closed = {probe: expected for probe, expected in asked.cells.items() if probe.port == 9}
    assert len(closed) == len(asked.cells) / 2 == 2 * len(pods) * (len(pods) - 1)
    assert unproved(asked) == []
    for probe, expected in closed.items():
        assert probe.column == f"{expected.target}:9"
        assert Outcome.REFUSED in expected.outcomes
        assert (Outcome.TIMEOUT in expected.outcomes) == (probe.protocol is Protocol.UDP)


@given(pods=_fleets(2), family=FAMILIES, size=st.integers(1, 65507))
def test_a_datagram_that_is_too_long_is_asked_beside_one_that_arrives(
    pods: tuple[Pod, ...], family: Family, size: int
) -> None:
    asked = questions.too_long("too long", pods, pods, family, size, which=questions.other_pod)
    long = {probe: expected for probe, expected in asked.cells.items() if probe.dont_fragment}
    assert len(long) == len(asked.cells) / 2
    assert {(probe.size, probe.protocol) for probe in long} == {(size, Protocol.UDP)}
    assert {expected.outcomes for expected in long.values()} == {frozenset({Outcome.UNREACHABLE})}
    assert unproved(asked) == []


@settings(max_examples=50)
@given(pods=_fleets(2), family=FAMILIES)
def test_what_is_not_declared_is_asked_beside_what_shows_that_both_ends_live(
    pods: tuple[Pod, ...], family: Family
) -> None:
    outside, hosts = _pod(100, "outside"), [_pod(101, "node-1", host_network=True)]
    alive = questions.reach("alive", [outside], hosts, family, TCP_UDP)
    serving = questions.reach("serving", pods, pods, family, TCP_UDP)
    nodes = {"node-1": f"10.200.0.{1}" if family is Family.IPV4 else "fd00:200::1"}
    asked = questions.not_through("exposed", outside, nodes, pods, (alive, serving))
    negative = {probe: expected for probe, expected in asked.cells.items() if expected.outcomes == REJECTED}
    assert _pairs(Expectation("", negative)) == {
        (outside, f"node-1:{port}", protocol) for port in {pod.port for pod in pods} for protocol in TCP_UDP
    }
    assert {probe.source for probe in negative} == {outside}
    assert unproved(asked) == []


def test_without_a_control_what_is_not_declared_proves_nothing() -> None:
    pods = (_pod(1, "node-1"),)
    asked = questions.not_through("exposed", _pod(9, "outside"), {"node-1": "10.200.0.1"}, pods, ())
    assert len(unproved(asked)) == 4


def test_a_host_port_is_asked_by_the_pods_of_other_nodes() -> None:
    pods = [_pod(number, node) for number, node in enumerate(NODES, 1)]
    asked = questions.at_host_port("hostPort", pods, pods[0], "10.200.0.1", 23001)
    assert _pairs(asked) == {(pod, "node-1:23001", protocol) for pod in pods[1:] for protocol in TCP_UDP}
    assert {(probe.address, probe.port) for probe in asked.cells} == {("10.200.0.1", 23001)}
    assert {expected.server for expected in asked.cells.values()} == {"pod-1"}


def test_a_host_port_that_nobody_could_ask_is_refused() -> None:
    pods = [_pod(1, "node-1"), _pod(2, "node-1")]
    with pytest.raises(ValueError, match="hostPort: no pair of pods was chosen"):
        questions.at_host_port("hostPort", pods, pods[0], "10.200.0.1", 23001)


@pytest.mark.parametrize(("family", "loopback"), [(Family.IPV4, "127.0.0.1"), (Family.IPV6, "::1")])
def test_containers_of_a_pod_are_asked_in_both_directions_by_loopback(family: Family, loopback: str) -> None:
    first = Pod("ns", "p", "node-1", ("10.0.0.1",), 8080, "first")
    second = Pod("ns", "p", "node-1", ("10.0.0.1",), 8081, "second")
    asked = questions.on_localhost("localhost", first, second, family)
    assert {(probe.source.container, probe.port, probe.protocol) for probe in asked.cells} == {
        (source, port, protocol) for source, port in (("first", 8081), ("second", 8080)) for protocol in TCP_UDP
    }
    assert {probe.address for probe in asked.cells} == {loopback}
    assert {(expected.server, expected.source) for expected in asked.cells.values()} == {("p", loopback)}


@settings(max_examples=50)
@given(pods=_fleets(2), family=FAMILIES, protocols=PROTOCOLS.filter(bool), reused=st.sets(st.integers(0, 5)))
def test_a_former_address_is_asked_only_while_nobody_has_it(
    pods: tuple[Pod, ...], family: Family, protocols: list[Protocol], reused: set[int]
) -> None:
    former = [pod if place in reused else _pod(50 + place, pod.node) for place, pod in enumerate(pods)]
    asked = questions.at_former_addresses("former", pods, former, pods, family, iter(protocols))
    negative = {probe: expected for probe, expected in asked.cells.items() if expected.outcomes == REJECTED}
    gone = {pod.address(family) for pod in former} - {pod.address(family) for pod in pods}
    assert {probe.address for probe in negative} == gone
    assert len(negative) == len(gone) * len(pods) * len(protocols)
    assert unproved(asked) == []


def test_a_former_address_on_a_node_without_a_present_pod_is_refused() -> None:
    present = [_pod(1, "node-1"), _pod(2, "node-1")]
    with pytest.raises(ValueError, match="pod-9 was on node-2, where no pod is left to show that the node lives"):
        questions.at_former_addresses("f", present, [_pod(9, "node-2")], present, Family.IPV4, TCP_UDP)
