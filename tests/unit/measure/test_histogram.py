"""Histograms of times: merging is order-free, and a percentile is off by one per cent of itself at most."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.agent import histogram as agent
from pytest_k8snet.measure.latency.histogram import Histogram, merged

VALUES = st.lists(st.integers(1, 10**12), max_size=200)


RELATIVE_ERROR = agent.RELATIVE_ERROR


def of(values: list[int]) -> Histogram:
    """Return what the agent counts, as it is read here."""
    counted = agent.Histogram()
    for value in values:
        counted.add(value)
    return Histogram(agent.GROWTH, tuple(counted.buckets()))


@given(VALUES, VALUES, VALUES)
def test_merging_is_associative_and_commutative(first: list[int], second: list[int], third: list[int]) -> None:
    one, two, three = of(first), of(second), of(third)
    left, right = merged([merged([one, two]), three]), merged([one, merged([two, three])])
    assert left == right == merged([three, two, one])


@given(VALUES, VALUES)
def test_a_merged_histogram_is_that_of_all_values(first: list[int], second: list[int]) -> None:
    assert merged([of(first), of(second)]) == of(first + second)


@given(VALUES.filter(bool), st.floats(0, 100))
def test_a_percentile_is_off_by_the_relative_error_at_most(values: list[int], percent: float) -> None:
    exact = sorted(values)[max(math.ceil(percent / 100 * len(values)), 1) - 1]
    assert of(values).percentile(percent) == pytest.approx(exact, rel=RELATIVE_ERROR * 1.0001)


@given(VALUES)
def test_all_values_are_counted(values: list[int]) -> None:
    assert of(values).count == len(values)


def test_the_bound_of_the_error_is_known_from_the_buckets() -> None:
    assert of([]).relative_error == pytest.approx(RELATIVE_ERROR)


def test_histograms_of_other_buckets_cannot_be_merged() -> None:
    with pytest.raises(ValueError, match="one kind of buckets"):
        merged([of([1]), Histogram(2.0)])
    with pytest.raises(ValueError, match="one kind of buckets"):
        merged([])


def test_what_never_came_is_beyond_every_value() -> None:
    histogram = of([1000] * 90)
    assert histogram.percentile(90, beyond=10) == pytest.approx(1000, rel=RELATIVE_ERROR)
    assert histogram.percentile(91, beyond=10) == math.inf


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_percentage_is_between_0_and_100(percent: float) -> None:
    with pytest.raises(ValueError, match="no percentile"):
        of([1]).percentile(percent)


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="of 0 values"):
        of([]).percentile(50)
