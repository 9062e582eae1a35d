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
    most twice the baseline's. ``Limit(2, "same")`` is for what should be alike: between half and twice. Raises
    ValueError for a ratio that is not positive, or a range that is none.
    """

    ratio: float
    better: Literal["higher", "lower", "same"]

    def __post_init__(self) -> None:
        if not self.ratio > 0 or (self.better == "same" and self.ratio <= 1):
            raise ValueError(f"a limit of {self.ratio} ({self.better}) is no ratio that can be kept or broken")

    def verdict(self, interval: Interval) -> Verdict:
        """Return PASS when the whole interval is within the limit, FAIL when the whole of it is beyond."""
        if self.better == "higher":
            within, beyond = interval.low >= self.ratio, interval.high < self.ratio
        elif self.better == "lower":
            within, beyond = interval.high <= self.ratio, interval.low > self.ratio
        else:
            within = 1 / self.ratio <= interval.low and interval.high <= self.ratio
            beyond = interval.high < 1 / self.ratio or interval.low > self.ratio
        return Verdict.PASS if within else Verdict.FAIL if beyond else Verdict.INCONCLUSIVE

    @property
    def bounds(self) -> tuple[float, ...]:
        """The ratios at which good ends."""
        return (1 / self.ratio, self.ratio) if self.better == "same" else (self.ratio,)

    def __str__(self) -> str:
        if self.better == "same":
            return f"from {1 / self.ratio:g} to {self.ratio:g} of the baseline"
        return f"at {'least' if self.better == 'higher' else 'most'} {self.ratio:g} of the baseline"
