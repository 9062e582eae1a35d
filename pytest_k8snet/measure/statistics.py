"""From samples to a ratio with its interval. Pure.

One sample is one connection in one round, never one second of it: seconds of the same connection resemble each other,
and an interval made of them is several times too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from statistics import fmean, median, stdev

from pytest_k8snet.measure.student import quantile

FEWEST = 2
DRIFT_CONFIDENCE = 0.99
LARGEST = 700.0
"""A logarithm whose number is still finite."""
APART = 3.5
"""From which modified z-score on a round is said to lie apart: Iglewicz and Hoaglin, 1993."""
FEWEST_TO_BE_APART = 4
"""Of three rounds two are close to each other by chance so often that the third means nothing."""
NORMAL = 0.6745
"""The median absolute deviation of a normal distribution, in standard deviations."""


@dataclass(frozen=True)
class Interval:
    """From ``low`` to ``high`` lies the true value with this ``confidence``."""

    low: float
    high: float
    confidence: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Estimate:
    """The geometric mean of ``n`` positive numbers with its interval.

    ``spread`` is the standard deviation of their logarithms: 0.05 means that they differ by about 5 %.
    """

    value: float
    interval: Interval
    n: int
    spread: float


@dataclass(frozen=True)
class Ratio:
    """By how much a subject is more than its baseline: 0.9 is 10 % less.

    ``estimate`` is the geometric mean of the ratios of the ``n`` rounds, ``interval`` that of Student's t on their
    logarithms, ``spread`` the standard deviation of these. ``median`` and ``hodges_lehmann`` say the same in ways that
    single rounds move little; ``apart`` are the rounds, from 0, that lie far from the others. None is left out.
    """

    estimate: float
    interval: Interval
    n: int
    median: float
    hodges_lehmann: float
    spread: float
    apart: tuple[int, ...] = ()


def estimate_of(samples: Sequence[float], confidence: float) -> Estimate:
    """Return the geometric mean of samples. Raises ValueError for fewer than two, or one that is not positive."""
    logarithms = _logarithms(samples)
    middle, half, spread = _interval(logarithms, confidence)
    return Estimate(math.exp(middle), _around(middle, half, confidence), len(logarithms), spread)


def ratio_of(subject: Sequence[float], baseline: Sequence[float], confidence: float) -> Ratio:
    """Return the ratio of samples that were taken in pairs, one pair in each round.

    Raises:
        ValueError: there are fewer than two pairs, one has no partner, or a sample is not a positive number.

    """
    if len(subject) != len(baseline):
        raise ValueError(f"{len(subject)} samples of the subject and {len(baseline)} of the baseline are no pairs")
    pairs = zip(_logarithms(subject), _logarithms(baseline), strict=True)
    logarithms = [measured - compared for measured, compared in pairs]
    middle, half, spread = _interval(logarithms, confidence)
    walsh = [(one + other) / 2 for one, other in combinations_with_replacement(logarithms, 2)]
    return Ratio(
        estimate=math.exp(middle),
        interval=_around(middle, half, confidence),
        n=len(logarithms),
        median=math.exp(median(logarithms)),
        hodges_lehmann=math.exp(median(walsh)),
        spread=spread,
        apart=_apart(logarithms),
    )


def change_of(now: Estimate, before: Estimate, confidence: float) -> Estimate:
    """Return by how much one estimate differs from another that was taken independently of it, as a ratio.

    Both variances are added (Welch); the degrees of freedom are rounded down, which makes the interval wider.
    """
    parts = [(one.spread**2 / one.n, one.n - 1) for one in (now, before)]
    variance = sum(part for part, _ in parts)
    weight = sum(part**2 / freedom for part, freedom in parts)
    freedom = math.floor(variance**2 / weight) if weight else sum(freedom for _, freedom in parts)
    middle = math.log(now.value) - math.log(before.value)
    half = quantile(confidence, max(1, freedom)) * math.sqrt(variance)
    pooled = math.sqrt((now.spread**2 + before.spread**2) / 2)
    return Estimate(math.exp(middle), _around(middle, half, confidence), min(now.n, before.n), pooled)


def drift_of(samples: Sequence[float]) -> float | None:
    """Return what the last third of samples is by the first one; None when that could as well be chance.

    Raises ValueError for a sample that is not positive. Fewer than six say nothing of a drift.
    """
    third = len(samples) // 3
    if third < FEWEST:
        return None
    logarithms = _logarithms(samples)
    first, last = logarithms[:third], logarithms[-third:]
    error = math.sqrt((stdev(first) ** 2 + stdev(last) ** 2) / third)
    drift = fmean(last) - fmean(first)
    return math.exp(drift) if abs(drift) > quantile(DRIFT_CONFIDENCE, 2 * (third - 1)) * error else None


def rounds_to_tell(spread: float, ratio: float, limit: float, confidence: float) -> int | None:
    """Return about how many rounds it takes to tell a ratio from a limit; None when they are the same."""
    distance = abs(math.log(ratio) - math.log(limit))
    if not distance:
        return None
    rounds = FEWEST
    while rounds < 10_000 and quantile(confidence, rounds - 1) * spread / math.sqrt(rounds) > distance:
        rounds += max(1, rounds // 10)
    return rounds


def _logarithms(samples: Sequence[float]) -> list[float]:
    if len(samples) < FEWEST:
        raise ValueError(f"{len(samples)} samples say nothing of how much they differ; {FEWEST} are the least")
    for sample in samples:
        if not (math.isfinite(sample) and sample > 0):
            raise ValueError(f"{sample} is not a positive number")
    return [math.log(sample) for sample in samples]


def _interval(logarithms: Sequence[float], confidence: float) -> tuple[float, float, float]:
    """Return mean, half width of its interval, and standard deviation."""
    spread = stdev(logarithms)
    half = quantile(confidence, len(logarithms) - 1) * spread / math.sqrt(len(logarithms))
    return fmean(logarithms), half, spread


def _around(middle: float, half: float, confidence: float) -> Interval:
    return Interval(_exp(middle - half), _exp(middle + half), confidence)


def _exp(logarithm: float) -> float:
    """Return a finite number, also at the end of an interval that says nothing any more."""
    return math.exp(max(-LARGEST, min(LARGEST, logarithm)))


def _apart(logarithms: Sequence[float]) -> tuple[int, ...]:
    if len(logarithms) < FEWEST_TO_BE_APART:
        return ()
    centre = median(logarithms)
    deviations = [abs(one - centre) for one in logarithms]
    usual = median(deviations)
    return tuple(place for place, one in enumerate(deviations) if usual and NORMAL * one / usual > APART)
