"""Histograms of times: merging is order-free, and a percentile is off by one per cent of itself at most."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.agent.histogram import RELATIVE_ERROR, Histogram

VALUES = st.lists(st.integers(1, 10**12), max_size=200)


def of(values: list[int]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


@given(VALUES, VALUES, VALUES)
def test_merging_is_associative_and_commutative(first: list[int], second: list[int], third: list[int]) -> None:
    one, two, three = of(first), of(second), of(third)
    left, right = one.merged(two).merged(three), one.merged(two.merged(three))
    assert left.buckets() == right.buckets() == three.merged(two).merged(one).buckets()


@given(VALUES, VALUES)
def test_a_merged_histogram_is_that_of_all_values(first: list[int], second: list[int]) -> None:
    assert of(first).merged(of(second)).buckets() == of(first + second).buckets()


@given(VALUES.filter(bool), st.floats(0, 100))
def test_a_percentile_is_off_by_the_relative_error_at_most(values: list[int], percent: float) -> None:
    exact = sorted(values)[max(math.ceil(percent / 100 * len(values)), 1) - 1]
    assert of(values).percentile(percent) == pytest.approx(exact, rel=RELATIVE_ERROR * 1.0001)


@given(VALUES)
def test_it_travels_as_its_buckets(values: list[int]) -> None:
    histogram = of(values)
    assert Histogram(histogram.buckets()).buckets() == histogram.buckets()
    assert histogram.count == len(values)


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
        Histogram().percentile(50)
