"""What an agent measured: percentiles with what was lost, merging, and what is no measurement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_k8snet.agent import histogram as agent
from pytest_k8snet.errors import AgentLost, MeasurementError
from pytest_k8snet.measure.latency.sample import Sample, distribution, merged

ANSWER = {
    "growth": agent.GROWTH,
    "buckets": [],
    "sent": 0,
    "lost": 0,
    "void": 0,
    "errors": {},
    "rate": 400.0,
    "late": 0.0001,
    "waited": 0.0,
}


def sample(milliseconds: list[float], *, lost: int = 0, void: int = 0, **errors: int) -> Sample:
    counted = agent.Histogram()
    for value in milliseconds:
        counted.add(int(value * 1e6))
    sent = len(milliseconds) + lost + void + sum(errors.values())
    told = {"buckets": counted.buckets(), "sent": sent, "lost": lost, "void": void, "errors": errors}
    return Sample.read({**ANSWER, **told}, timeout=1.0)


def test_a_percentile_is_in_milliseconds() -> None:
    assert sample([0.1] * 50 + [5.0] * 50).percentile(50) == pytest.approx(0.1, rel=0.01)
    assert sample([0.1] * 50 + [5.0] * 50).percentile(90) == pytest.approx(5.0, rel=0.01)


def test_what_was_lost_took_as_long_as_was_waited() -> None:
    assert sample([0.1] * 98, lost=2).percentile(99) == 1000
    assert sample([0.1] * 98, lost=2).percentile(50) == pytest.approx(0.1, rel=0.01)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (sample([], lost=5), "none of 5 requests was answered within 1 s"),
        (sample([0.1], ECONNREFUSED=3), "of 4 requests 3 ECONNREFUSED"),
        (sample([0.1] * 7, void=3), "during 3 of 10 requests the agent waited for its processor"),
    ],
    ids=["nothing came", "refused", "no processor"],
)
def test_what_is_no_measurement_gives_no_number(given: Sample, said: str) -> None:
    with pytest.raises(MeasurementError, match=said):
        given.percentile(50)


def test_a_merged_percentile_is_that_of_all_values_and_no_mean() -> None:
    quick, slow = sample([1.0] * 99), sample([100.0])
    assert merged([quick, slow]).percentile(99) == pytest.approx(1.0, rel=0.01)
    assert (quick.percentile(99) + slow.percentile(99)) / 2 > 50


def test_a_merged_sample_adds_up_what_went_wrong() -> None:
    whole = merged([sample([1.0], lost=1, A=2), replace(sample([1.0], void=3, A=1, B=1), rate=200.0)])
    assert (whole.sent, whole.lost, whole.void, whole.errors) == (10, 1, 3, {"A": 3, "B": 1})
    assert whole.rate == 200.0


def test_a_distribution_ends_below_one_where_requests_were_lost() -> None:
    assert distribution(sample([1.0] * 50, lost=50))[-1][1] == pytest.approx(0.4995)
    assert distribution(sample([], lost=1)) == []


def test_an_answer_that_cannot_be_read_is_no_measurement() -> None:
    with pytest.raises(AgentLost, match="measurement cannot be read"):
        Sample.read({"buckets": "many"}, timeout=1.0)
