"""What an interval says of a limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.measure.statistics import Interval
from pytest_k8snet.measure.verdict import Limit, Verdict


@pytest.mark.parametrize(
    ("limit", "low", "high", "verdict"),
    [
        (Limit(0.9, "higher"), 0.9, 1.0, Verdict.PASS),
        (Limit(0.9, "higher"), 0.7, 0.89, Verdict.FAIL),
        (Limit(0.9, "higher"), 0.7, 0.9, Verdict.INCONCLUSIVE),
        (Limit(0.9, "higher"), 0.89, 1.5, Verdict.INCONCLUSIVE),
        (Limit(2, "lower"), 1.0, 2.0, Verdict.PASS),
        (Limit(2, "lower"), 2.1, 3.0, Verdict.FAIL),
        (Limit(2, "lower"), 1.9, 2.1, Verdict.INCONCLUSIVE),
        (Limit(2, "same"), 0.5, 2.0, Verdict.PASS),
        (Limit(2, "same"), 0.3, 0.4, Verdict.FAIL),
        (Limit(2, "same"), 2.1, 9.0, Verdict.FAIL),
        (Limit(2, "same"), 0.4, 1.0, Verdict.INCONCLUSIVE),
        (Limit(2, "same"), 1.0, 2.1, Verdict.INCONCLUSIVE),
    ],
)
def test_a_verdict_needs_the_whole_interval_on_one_side(
    limit: Limit, low: float, high: float, verdict: Verdict
) -> None:
    assert limit.verdict(Interval(low, high, 0.98)) is verdict


@given(st.floats(0.01, 10), st.floats(0.01, 10), st.floats(0.01, 10))
def test_higher_and_lower_mirror_each_other(limit: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    turned = {Verdict.PASS: Verdict.FAIL, Verdict.FAIL: Verdict.PASS}
    verdict = Limit(limit, "higher").verdict(Interval(low, high, 0.9))
    mirrored = Limit(limit, "lower").verdict(Interval(low, high, 0.9))

    if limit not in (low, high):
        assert mirrored is turned.get(verdict, verdict)


def test_a_limit_that_is_no_ratio_is_refused() -> None:
    with pytest.raises(ValueError, match="no ratio"):
        Limit(0, "higher")
    with pytest.raises(ValueError, match="no ratio"):
        Limit(0.9, "same")
