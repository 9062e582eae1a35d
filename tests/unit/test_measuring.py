"""What a test gets from the fixture that measures: a verdict, a skip or an error, and figures in its record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.verdict import Limit, Verdict
from pytest_k8snet.measuring import Measuring
from pytest_k8snet.options import Settings
from pytest_k8snet.report.record import CheckRecord, decode, encode
from pytest_k8snet.report.record_key import RECORD

BANDWIDTH = Limit(0.9, "higher")


@pytest.fixture
def record() -> CheckRecord:
    return CheckRecord("PERF-001", "performance", "title", "nodeid")


@pytest.fixture
def make_measuring(make_settings: Callable[..., Settings], record: CheckRecord) -> Callable[..., Measuring]:
    def make(profile: str = "smoke", **given: object) -> Measuring:
        stash = pytest.Stash()
        stash[RECORD] = record
        return Measuring(make_settings(profile=profile, **given), cast(pytest.Item, SimpleNamespace(stash=stash)))

    return make


def test_what_is_known_of_a_shared_baseline_is_told_once(
    make_measuring: Callable[..., Measuring], record: CheckRecord
) -> None:
    measuring = make_measuring()
    judged = measuring.compare("pods", _steady(1.0), _steady(1.0), BANDWIDTH, unit="bit/s")
    for _ in range(2):
        measuring.record(replace(judged, flags=("nodes: busy",)), unit="bit/s")
    assert record.notes == ["nodes: busy"]
    assert [one.flags for one in record.comparisons] == [[], ["nodes: busy"], ["nodes: busy"]]


def test_the_background_is_the_profiles_unless_another_is_asked_for(make_measuring: Callable[..., Measuring]) -> None:
    assert make_measuring("acceptance").churn == 20
    assert make_measuring("acceptance", churn=0.5).churn == 0.5
    assert make_measuring("acceptance", churn=0.0).churn == 0


def _steady(value: float) -> Callable[[int], float]:
    return lambda number: value * (1 + 0.001 * (number % 3))


def _noisy(number: int) -> float:
    return 0.6 if number % 2 else 1.5


def test_a_verdict_is_returned_and_recorded_with_all_samples(
    make_measuring: Callable[..., Measuring], record: CheckRecord
) -> None:
    judged = make_measuring().compare(
        "pod to pod", _steady(70.0), _steady(100.0), BANDWIDTH, unit="Mbit/s", against="host to host"
    )
    (found,) = decode(encode(record)).comparisons

    assert judged.verdict is Verdict.FAIL
    assert (found.name, found.unit, found.against, found.verdict) == ("pod to pod", "Mbit/s", "host to host", "fail")
    assert found.limit == 0.9
    assert found.ratio is not None
    assert found.ratio.n == len(found.subject.samples) == len(found.baseline.samples) == 4
    assert found.ratio.low <= 0.7 <= found.ratio.high
    assert found.subject.low is not None
    assert found.subject.mean == pytest.approx(70, rel=0.01)


@pytest.mark.parametrize("profile", ["smoke", "standard", "nightly"])
def test_no_verdict_is_a_skip_with_the_reason(
    make_measuring: Callable[..., Measuring], record: CheckRecord, profile: str
) -> None:
    with pytest.raises(pytest.skip.Exception, match="rounds would tell it"):
        make_measuring(profile).compare("pods", _noisy, _steady(1.0), BANDWIDTH, unit="bit/s")

    assert record.comparisons[0].verdict == "inconclusive"


def test_acceptance_wants_a_verdict(make_measuring: Callable[..., Measuring]) -> None:
    with pytest.raises(MeasurementError, match="INCONCLUSIVE"):
        make_measuring("acceptance").compare("pods", _noisy, _steady(1.0), BANDWIDTH, unit="bit/s")


@pytest.mark.parametrize("profile", ["smoke", "acceptance"])
def test_what_cannot_be_measured_is_an_error_in_every_profile(
    make_measuring: Callable[..., Measuring], record: CheckRecord, profile: str
) -> None:
    with pytest.raises(MeasurementError, match="not a positive number"):
        make_measuring(profile).compare("pods", lambda number: 0.0, _steady(1.0), BANDWIDTH, unit="bit/s")

    assert decode(encode(record)).comparisons[0].ratio is None


def test_the_plan_is_the_profiles_with_the_seed_of_the_run(make_measuring: Callable[..., Measuring]) -> None:
    assert make_measuring("smoke", seed=7).plan.seed == 7
    assert make_measuring("smoke").plan.budget < make_measuring("nightly").plan.budget
    assert make_measuring("nightly", calibrate="all").plan.seconds < 1


def test_distributions_matrices_and_numbers_stand_in_the_record(
    make_measuring: Callable[..., Measuring], record: CheckRecord
) -> None:
    measuring = make_measuring()
    measuring.distribution("rtt", "ms", 1000, [(0.1, 0.5), (0.9, 1.0)])
    measuring.matrix("bandwidth", "Gbit/s", "higher", {("n1", "n2"): 9.0, ("n2", "n1"): 8.0})
    measuring.figure("retransmits", 3, "")
    measuring.note("one thread only")
    kept = decode(encode(record))

    assert list(kept.distributions[0].points) == [(0.1, 0.5), (0.9, 1.0)]
    assert kept.matrices[0].rows == ["n1", "n2"]
    assert kept.matrices[0].values == [[None, 9.0], [8.0, None]]
    assert kept.measurements[0].value == 3
    assert kept.notes == ["one thread only"]
