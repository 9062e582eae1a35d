"""How long is waited, by what was seen before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_k8snet.policy.pace import QUICKEST_SECONDS, SLACK, UNKNOWN, Pace
from pytest_k8snet.probe.observation import CONNECTS, Expectation, Expected, Observation, Outcome, Pod, Probe, Protocol
from pytest_k8snet.probe.table import TruthTable

SOURCE = Pod("ns", "source", "node-1", ("10.244.1.2",))
HOLD = 0.5
SLOW, OTHER = (Probe(SOURCE, f"10.244.2.{host}", 80, Protocol.TCP, f"pod-{host}") for host in (2, 3))
BOTH = Expectation("both connect", {probe: Expected(CONNECTS) for probe in (SLOW, OTHER)})


def table(seconds: float, expectation: Expectation = BOTH, **came_true: float) -> TruthTable:
    """A table whose slower answer took so long. ``came_true`` is by the name of the probe."""
    seen = {SLOW: Observation(Outcome.CONNECTED, seconds * 1000), OTHER: Observation(Outcome.CONNECTED, 1.0)}
    times = {probe: came_true[name] for name, probe in (("slow", SLOW), ("other", OTHER)) if name in came_true}
    return TruthTable(expectation, seen, 0.0, came_true=times)


def test_a_quick_cluster_gets_the_shortest_time_outs() -> None:
    pace = Pace(HOLD)
    pace.note(table(0.002))
    assert pace.glance == pace.timeout == QUICKEST_SECONDS


def test_the_slowest_answer_gives_the_time_outs_and_is_forgotten_by_halves() -> None:
    pace = Pace(HOLD)
    pace.note(table(0.8))
    assert (pace.glance, pace.timeout) == pytest.approx((0.8, SLACK * 0.8))
    pace.note(table(0.002))
    assert (pace.glance, pace.timeout) == pytest.approx((0.4, SLACK * 0.4))
    pace.forget()
    assert pace.timeout == QUICKEST_SECONDS


def test_silence_says_nothing_about_how_soon_answers_come() -> None:
    pace = Pace(HOLD)
    silent = {probe: Observation(Outcome.TIMEOUT, 5000.0) for probe in BOTH.cells}
    pace.note(TruthTable(BOTH, silent, 0.0))
    assert pace.timeout == QUICKEST_SECONDS


def test_what_does_not_change_is_watched_longer_than_the_slowest_change_took() -> None:
    pace = Pace(HOLD)
    assert pace.hold == UNKNOWN * HOLD
    changing = replace(BOTH, changing=frozenset({SLOW}))
    pace.note(table(0.1, changing, slow=0.7, other=3.0))
    assert 0.7 < pace.hold < 3.0
    for _ in range(5):
        pace.note(table(0.1, changing, slow=0.0))
    assert pace.hold == HOLD


def test_a_change_that_did_not_come_true_is_no_measure() -> None:
    pace = Pace(HOLD)
    pace.note(table(0.1, replace(BOTH, changing=frozenset({SLOW})), other=0.1))
    assert pace.hold == UNKNOWN * HOLD


def test_an_expectation_is_given_the_time_outs_and_what_changes() -> None:
    pace = Pace(HOLD)
    pace.note(table(0.8))
    given = pace.given_to(BOTH, [SLOW])
    assert given == replace(BOTH, timeout=pace.timeout, glance=pace.glance, changing=frozenset({SLOW}))
