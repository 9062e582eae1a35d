"""A histogram of times on a logarithmic scale: small, mergeable, with a bound for the relative error.

The buckets are those of DDSketch (https://arxiv.org/abs/1908.10693): bucket ``i`` holds the values above
``GROWTH ** (i - 1)`` up to ``GROWTH ** i`` nanoseconds. Two histograms are merged by adding up their buckets, so the
percentiles of several agents, or of several rounds, are those of all values together; percentiles are never averaged.
"""

from __future__ import annotations

import math
from typing import Dict, Iterable, List, Tuple

RELATIVE_ERROR = 0.01
"""A percentile is off by at most this part of itself."""

GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GROWTH = math.log(GROWTH)


class Histogram:
    """Counts of values in nanoseconds, all above 0."""

    def __init__(self, buckets: Iterable[Tuple[int, int]] = ()) -> None:
        self._buckets: Dict[int, int] = {}
        for bucket, times in buckets:
            self._buckets[bucket] = self._buckets.get(bucket, 0) + times

    def add(self, nanoseconds: int) -> None:
        """Count one value; what is below 1 ns counts as 1 ns."""
        bucket = math.ceil(math.log(max(nanoseconds, 1)) / _LOG_GROWTH)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1

    def merged(self, other: Histogram) -> Histogram:
        """Return the histogram of the values of both."""
        return Histogram([*self._buckets.items(), *other._buckets.items()])

    def buckets(self) -> List[Tuple[int, int]]:
        """Return the buckets that are not empty, each with its count, in their order."""
        return sorted(self._buckets.items())

    @property
    def count(self) -> int:
        """How many values there are."""
        return sum(self._buckets.values())

    def percentile(self, percent: float, beyond: int = 0) -> float:
        """Return a percentile in nanoseconds, by the nearest rank; infinity where it is among those ``beyond``.

        ``beyond`` are further values that are larger than all, and not counted here: what never came. Raises ValueError
        without any value, and for what is no percentage.
        """
        number = self.count + beyond
        if not number or not 0 <= percent <= 100:
            raise ValueError("no percentile %g of %d values" % (percent, number))
        rank = max(math.ceil(percent / 100 * number), 1)
        for bucket, times in self.buckets():
            rank -= times
            if rank <= 0:
                return 2 * GROWTH**bucket / (GROWTH + 1)
        return math.inf
