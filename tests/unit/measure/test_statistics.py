"""From samples to a ratio with its interval."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.measure.statistics import (
    Estimate,
    Interval,
    change_of,
    drift_of,
    estimate_of,
    ratio_of,
    rounds_to_tell,
)
from pytest_k8snet.measure.student import quantile

POSITIVE = st.floats(1e-3, 1e12)
PAIRS = st.lists(st.tuples(POSITIVE, POSITIVE), min_size=2, max_size=20)
SIMULATIONS = 2000


@pytest.mark.parametrize(
    ("confidence", "freedom", "published"),
    [
        (0.95, 1, 12.706),
        (0.95, 2, 4.303),
        (0.95, 4, 2.776),
        (0.98, 3, 4.541),
        (0.98, 4, 3.747),
        (0.98, 9, 2.821),
        (0.98, 19, 2.539),
        (0.99, 30, 2.750),
        (0.95, 120, 1.980),
    ],
)
def test_the_quantiles_of_t_are_those_of_the_published_tables(
    confidence: float, freedom: int, published: float
) -> None:
    assert quantile(confidence, freedom) == pytest.approx(published, abs=0.0006)


@pytest.mark.parametrize(("confidence", "freedom"), [(0.0, 3), (1.0, 3), (0.95, 0)])
def test_there_is_no_t_without_degrees_of_freedom_or_beyond_certainty(confidence: float, freedom: int) -> None:
    with pytest.raises(ValueError, match="no t"):
        quantile(confidence, freedom)


@given(PAIRS)
def test_a_ratio_lies_in_its_interval_and_so_do_its_robust_forms_between_the_rounds(
    pairs: list[tuple[float, float]],
) -> None:
    subject, baseline = [one for one, _ in pairs], [other for _, other in pairs]
    ratio = ratio_of(subject, baseline, 0.95)
    rounds = [one / other for one, other in pairs]

    assert ratio.interval.low <= ratio.estimate * (1 + 1e-9)
    assert ratio.interval.high >= ratio.estimate * (1 - 1e-9)
    for robust in (ratio.median, ratio.hodges_lehmann):
        assert min(rounds) * (1 - 1e-6) <= robust <= max(rounds) * (1 + 1e-6)


@given(PAIRS)
def test_a_ratio_does_not_depend_on_units_and_turns_over_with_its_sides(pairs: list[tuple[float, float]]) -> None:
    subject, baseline = [one for one, _ in pairs], [other for _, other in pairs]
    ratio, turned = ratio_of(subject, baseline, 0.98), ratio_of(baseline, subject, 0.98)
    scaled = ratio_of([8 * one for one in subject], [8 * one for one in baseline], 0.98)

    assert scaled.estimate == pytest.approx(ratio.estimate)
    assert turned.estimate * ratio.estimate == pytest.approx(1)
    assert turned.interval.low * ratio.interval.high == pytest.approx(1)


@given(st.lists(POSITIVE, min_size=2, max_size=20), st.floats(0.1, 10))
def test_a_subject_that_is_always_the_same_part_of_its_baseline_has_no_doubt(
    baseline: list[float], part: float
) -> None:
    ratio = ratio_of([part * one for one in baseline], baseline, 0.98)

    assert ratio.estimate == pytest.approx(part)
    assert ratio.interval.low == pytest.approx(part)
    assert ratio.interval.high == pytest.approx(part)


@given(PAIRS)
def test_more_confidence_is_a_wider_interval(pairs: list[tuple[float, float]]) -> None:
    subject, baseline = [one for one, _ in pairs], [other for _, other in pairs]
    less, more = ratio_of(subject, baseline, 0.9).interval, ratio_of(subject, baseline, 0.99).interval

    assert more.low <= less.low
    assert more.high >= less.high


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_what_is_not_a_positive_number_is_no_sample(bad: float) -> None:
    with pytest.raises(ValueError, match="not a positive number"):
        ratio_of([1.0, bad], [1.0, 1.0], 0.95)
    with pytest.raises(ValueError, match="not a positive number"):
        ratio_of([1.0, 1.0], [bad, 1.0], 0.95)


def test_one_round_and_samples_without_a_partner_are_refused() -> None:
    with pytest.raises(ValueError, match="2 are the least"):
        ratio_of([1.0], [1.0], 0.95)
    with pytest.raises(ValueError, match="no pairs"):
        ratio_of([1.0, 2.0], [1.0], 0.95)


@pytest.mark.parametrize("rounds", [3, 5, 8, 20])
@pytest.mark.parametrize("confidence", [0.95, 0.98])
def test_the_interval_holds_the_truth_as_often_as_it_says(rounds: int, confidence: float) -> None:
    drawn = random.Random(rounds)
    held = 0
    for _ in range(SIMULATIONS):
        subject = [0.9 * math.exp(drawn.gauss(0, 0.06)) for _ in range(rounds)]
        baseline = [math.exp(drawn.gauss(0, 0.04)) for _ in range(rounds)]
        held += 0.9 in ratio_of(subject, baseline, confidence).interval
    error = 4 * math.sqrt(confidence * (1 - confidence) / SIMULATIONS)

    assert held / SIMULATIONS == pytest.approx(confidence, abs=error)


def test_of_three_rounds_none_lies_apart() -> None:
    assert ratio_of([1.0, 1.001, 1.3], [1.0] * 3, 0.98).apart == ()


def test_a_round_that_lies_apart_is_named_and_counted() -> None:
    subject = [1.0, 1.01, 0.99, 1.02, 0.5, 0.98, 1.0]
    ratio = ratio_of(subject, [1.0] * 7, 0.95)

    assert ratio.apart == (4,)
    assert ratio.n == 7
    assert ratio.estimate < 0.95 < ratio.hodges_lehmann


def test_two_estimates_are_compared_with_the_doubt_of_both() -> None:
    sure, unsure = estimate_of([100, 101, 99, 100], 0.95), estimate_of([90, 110, 80, 120], 0.95)
    exact = change_of(sure, sure, 0.95)
    vague = change_of(unsure, sure, 0.95)

    assert exact.value == pytest.approx(1)
    assert exact.interval.low > 0.97
    assert vague.interval.low < 0.8
    assert vague.interval.high > 1.1


def test_a_change_is_found_as_often_by_chance_as_it_says() -> None:
    drawn, found = random.Random(7), 0
    for _ in range(SIMULATIONS):
        before = estimate_of([math.exp(drawn.gauss(0, 0.03)) for _ in range(10)], 0.95)
        now = estimate_of([math.exp(drawn.gauss(0, 0.08)) for _ in range(6)], 0.95)
        found += 1 not in change_of(now, before, 0.95).interval

    assert 0.03 < found / SIMULATIONS < 0.06


def test_numbers_that_never_differ_are_compared_without_doubt() -> None:
    certain = Estimate(2.0, Interval(2.0, 2.0, 0.95), 5, 0.0)

    assert change_of(certain, certain, 0.95).interval == Interval(1.0, 1.0, 0.95)


@given(st.floats(0.001, 0.3), st.floats(0.5, 2).filter(lambda ratio: abs(ratio - 0.9) > 0.02))
def test_that_many_rounds_do_tell_a_ratio_from_its_limit(spread: float, ratio: float) -> None:
    rounds = rounds_to_tell(spread, ratio, 0.9, 0.98)

    assert rounds is not None
    assert quantile(0.98, rounds - 1) * spread / math.sqrt(rounds) <= abs(math.log(ratio / 0.9))


def test_no_number_of_rounds_tells_a_ratio_from_itself() -> None:
    assert rounds_to_tell(0.05, 0.9, 0.9, 0.98) is None


def test_a_drift_is_found_where_it_is_no_chance() -> None:
    drawn = random.Random(9)
    fading = [0.95**number * math.exp(drawn.gauss(0, 0.02)) for number in range(12)]
    steady = [math.exp(drawn.gauss(0, 0.02)) for number in range(12)]

    assert drift_of(fading) == pytest.approx(0.95**8, rel=0.1)
    assert drift_of(steady) is None
    assert drift_of(fading[:5]) is None
