"""A broken path is told from a broken promise."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pytest_k8snet.probe.observation import (
    CONNECTS,
    Expectation,
    Expected,
    Family,
    Observation,
    Outcome,
    Pod,
    Probe,
    Protocol,
)
from pytest_k8snet.probe.paths import Path, broken, path_of, samples, without

A, B = Pod("ns", "a", "node-1", ("10.0.0.1", "fd00::1")), Pod("ns", "b", "node-1", ("10.0.0.2", "fd00::2"))
C = Pod("ns", "c", "node-2", ("10.0.0.3",))
PODS = (A, B, C)
ACROSS = Path("node-1", "node-2", Protocol.TCP, Family.IPV4)
BACK = Path("node-2", "node-1", Protocol.TCP, Family.IPV4)
WITHIN = Path("node-1", "node-1", Protocol.UDP, Family.IPV6)


def _seen(tried: Mapping[Probe, Path], *silent: str) -> dict[Probe, Observation]:
    """Observe that what the pods named ``silent`` send does not arrive."""
    outcomes = {True: Outcome.TIMEOUT, False: Outcome.CONNECTED}
    return {probe: Observation(outcomes[probe.source.name in silent], 1.0) for probe in tried}


def test_a_probe_takes_the_path_between_its_nodes() -> None:
    probe = Probe(A, "fd00::9", 80, Protocol.SCTP, "x", target_node="node-2")
    assert path_of(probe) == Path("node-1", "node-2", Protocol.SCTP, Family.IPV6)


def test_every_pair_of_different_pods_on_a_path_is_tried() -> None:
    tried = samples(PODS, [ACROSS, WITHIN])
    assert {(probe.source.name, probe.column): path for probe, path in tried.items()} == {
        ("a", "c"): ACROSS,
        ("b", "c"): ACROSS,
        ("a", "b"): WITHIN,
        ("b", "a"): WITHIN,
    }
    assert all(path_of(probe) == path for probe, path in tried.items())
    assert {(probe.size, probe.dont_fragment, probe.bare) for probe in tried} == {(0, False, False)}


def test_a_path_is_tried_once_however_often_it_is_wanted() -> None:
    assert len(samples(PODS, iter([BACK] * 5))) == 2


@pytest.mark.parametrize(
    "path",
    [
        Path("node-1", "node-2", Protocol.TCP, Family.IPV6),
        Path("node-2", "node-2", Protocol.TCP, Family.IPV4),
        Path("node-1", "node-9", Protocol.TCP, Family.IPV4),
        Path("node-1", "", Protocol.TCP, Family.IPV4),
    ],
)
def test_a_path_for_which_there_are_no_pods_is_not_tried(path: Path) -> None:
    assert samples(PODS, [path]) == {}


def test_a_path_on_which_all_arrives_is_whole() -> None:
    tried = samples(PODS, [ACROSS, BACK, WITHIN])
    assert broken(tried, _seen(tried)) == set()


def test_a_path_on_which_one_probe_does_not_arrive_is_broken() -> None:
    tried = samples(PODS, [ACROSS, BACK, WITHIN])
    assert broken(tried, _seen(tried, "c")) == {BACK}
    assert broken(tried, _seen(tried, "a")) == {ACROSS, WITHIN}


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.CONNECTED])
def test_only_what_connects_has_arrived(outcome: Outcome) -> None:
    tried = samples(PODS, [ACROSS])
    assert broken(tried, dict.fromkeys(tried, Observation(outcome, 1.0))) == {ACROSS}


def test_what_is_left_of_an_expectation_is_off_the_broken_paths() -> None:
    cells = {probe: Expected(CONNECTS) for probe in samples(PODS, [ACROSS, BACK])}
    expectation = Expectation("title", cells, convergence=3.0)
    left = without(expectation, {ACROSS})
    assert {path_of(probe) for probe in left.cells} == {BACK}
    assert (left.title, left.convergence) == ("title", 3.0)
    assert without(expectation, set()) == expectation
