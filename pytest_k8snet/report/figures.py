"""What was measured, as plain data for report.json: comparisons with a baseline, distributions, matrices of nodes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number that a check measured. Raises ValueError for what JSON cannot hold: infinity and not-a-number."""

    name: str
    value: float
    unit: str

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"the measurement {self.name!r} is {self.value}; a report holds finite numbers only")


@dataclass(frozen=True, slots=True)
class ArmRecord:
    """What was measured on one path: a sample for each round, their geometric mean and its interval.

    Of fewer than two samples there is no interval.
    """

    samples: list[float]
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    spread: float | None = None


@dataclass(frozen=True, slots=True)
class RatioRecord:
    """The subject in terms of its baseline, with the interval in which the true ratio lies with this confidence."""

    estimate: float
    low: float
    high: float
    confidence: float
    n: int
    median: float
    hodges_lehmann: float
    spread: float
    apart: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ComparisonRecord:
    """A path that was measured beside a baseline in interleaved rounds, and what that says of the limit.

    ``better`` is "higher", "lower" or "same", ``verdict`` "pass", "fail" or "inconclusive"; ``against`` says what the
    baseline is, ``flags`` what the samples were limited by when that is not the network.
    """

    name: str
    unit: str
    better: str
    limit: float
    verdict: str
    stopped: str
    subject: ArmRecord
    baseline: ArmRecord
    against: str = ""
    ratio: RatioRecord | None = None
    flags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DistributionRecord:
    """How many of ``count`` values were at most how large: ``shares`` (0 to 1) belong to ``values``, both growing."""

    name: str
    unit: str
    count: int
    values: list[float]
    shares: list[float]

    @property
    def points(self) -> Iterator[tuple[float, float]]:
        """Values with their shares."""
        return zip(self.values, self.shares, strict=True)


@dataclass(frozen=True, slots=True)
class MatrixRecord:
    """One number for each pair of nodes, from the row to the column; None where nothing was measured."""

    name: str
    unit: str
    better: str
    rows: list[str]
    columns: list[str]
    values: list[list[float | None]]
