"""Quantiles of Student's t, exact for whole degrees of freedom (decision 090)."""

from __future__ import annotations

import math
from functools import cache

PRECISION = 1e-10


@cache
def quantile(confidence: float, freedom: int) -> float:
    """Return the t between whose negative and itself lies the ``confidence``, such as 2.776 for 0.95 and 4.

    Raises ValueError for a confidence that is not between 0 and 1, or less than one degree of freedom.
    """
    if not 0 < confidence < 1 or freedom < 1:
        raise ValueError(f"no t with confidence {confidence} and {freedom} degrees of freedom")
    low, high = 0.0, 1.0
    while _within(high, freedom) < confidence:
        low, high = high, 2 * high
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < confidence else (low, middle)
    return (low + high) / 2


def _within(t: float, freedom: int) -> float:
    """Return how probable it is that a t is not further from 0: Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine = math.cos(angle)
    odd = freedom % 2
    term = total = (cosine if odd else 1.0) if freedom > 1 else 0.0
    for factor in range(3 if odd else 2, freedom - 1, 2):
        term *= cosine**2 * (factor - 1) / factor
        total += term
    return 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total
