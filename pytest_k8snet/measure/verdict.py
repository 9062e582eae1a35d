"""A limit for a ratio, and what an interval says of it. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal

from pytest_k8snet.measure.statistics import Interval


class Verdict(enum.StrEnum):
    """What measurements show: within the limit, beyond it, or neither of them yet."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Limit:
    """The worst ratio to the baseline that is still good: ``better`` says on which side.

    ``Limit(0.9, "higher")`` is for bandwidth: at least 0.9 of the baseline. ``Limit(2, "lower")`` is for latency: at
    most twice the baseline's. Raises ValueError for a ratio that is not positive.
    """

    ratio: float
    better: Literal["higher", "lower"]

    def __post_init__(self) -> None:
        if not self.ratio > 0:
            raise ValueError(f"a limit of {self.ratio} is not a positive ratio")

    def verdict(self, interval: Interval) -> Verdict:
        """Return PASS when the whole interval is within the limit, FAIL when the whole of it is beyond."""
        if self.better == "higher":
            within, beyond = interval.low >= self.ratio, interval.high < self.ratio
        else:
            within, beyond = interval.high <= self.ratio, interval.low > self.ratio
        return Verdict.PASS if within else Verdict.FAIL if beyond else Verdict.INCONCLUSIVE

    def __str__(self) -> str:
        return f"at {'least' if self.better == 'higher' else 'most'} {self.ratio:g} of the baseline"
