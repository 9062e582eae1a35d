"""Counts of times on a logarithmic scale: small, whatever the number of times, with a bound for the relative error.

The buckets are those of DDSketch (https://arxiv.org/abs/1908.10693): bucket ``i`` holds the values above
``GROWTH ** (i - 1)`` up to ``GROWTH ** i`` nanoseconds. Who asked merges them, and tells percentiles.
"""

from __future__ import annotations

import math
from typing import Dict, List, Tuple

RELATIVE_ERROR = 0.01
"""A value is known by its bucket to within this part of itself."""

GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GROWTH = math.log(GROWTH)


class Histogram:
    """Counts of values in nanoseconds."""

    def __init__(self) -> None:
        self._buckets: Dict[int, int] = {}

    def add(self, nanoseconds: int) -> None:
        """Count one value; what is below 1 ns counts as 1 ns."""
        bucket = math.ceil(math.log(max(nanoseconds, 1)) / _LOG_GROWTH)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1

    def buckets(self) -> List[Tuple[int, int]]:
        """Return the buckets that are not empty, each with its count, in their order."""
        return sorted(self._buckets.items())
