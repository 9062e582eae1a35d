"""Histograms of times as agents count them: merged, and read. Pure.

Two are merged by adding up their buckets, so the percentiles of several agents, or of several rounds, are those of all
values together; percentiles are never averaged.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Histogram:
    """Bucket ``i`` holds the values above ``growth ** (i - 1)`` up to ``growth ** i`` nanoseconds.

    ``buckets`` are those that are not empty, in their order, each with its count.
    """

    growth: float
    buckets: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if not self.growth > 1:
            raise ValueError(f"buckets cannot grow by the factor {self.growth}")

    @property
    def count(self) -> int:
        """How many values there are."""
        return sum(times for _, times in self.buckets)

    @property
    def relative_error(self) -> float:
        """By which part of itself a percentile is off at most."""
        return (self.growth - 1) / (self.growth + 1)

    def percentile(self, percent: float, beyond: int = 0) -> float:
        """Return a percentile in nanoseconds, by the nearest rank; infinity where it is among those ``beyond``.

        ``beyond`` are further values that are larger than all, and not counted here: what never came. Raises ValueError
        without any value, and for what is no percentage.
        """
        number = self.count + beyond
        if not number or not 0 <= percent <= 100:
            raise ValueError(f"no percentile {percent:g} of {number} values")
        rank = max(math.ceil(percent / 100 * number), 1)
        for bucket, times in self.buckets:
            rank -= times
            if rank <= 0:
                return 2 * math.pow(self.growth, bucket) / (self.growth + 1)
        return math.inf


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """Return the histogram of the values of all. Raises ValueError for none, and where buckets differ."""
    parts = list(histograms)
    if len(scales := {part.growth for part in parts}) != 1:
        raise ValueError(f"histograms of one kind of buckets can be merged, not of {sorted(scales)}")
    buckets: Counter[int] = Counter()
    for part in parts:
        buckets.update(dict(part.buckets))
    return Histogram(parts[0].growth, tuple(sorted(buckets.items())))
