"""Judges the latency of paths beside that between nodes, in the same rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.latency.paths import Path
from pytest_k8snet.measure.latency.sample import Sample, merged
from pytest_k8snet.measure.rounds import Plan, judge
from pytest_k8snet.measure.statistics import ratio_of
from pytest_k8snet.measure.verdict import Limit, Verdict
from pytest_k8snet.probe.prober import Prober

MEDIAN, TAIL = 50, 99
MEDIAN_LIMIT = Limit(2.0, "lower")
"""An overlay adds a fifth to a half, encryption doubles; what takes longer goes another way than it should."""

TAIL_LIMIT = Limit(3.0, "lower")
SHARE_OF_SECONDS, SHARE_OF_BUDGET = 10, 3
"""Latency needs shorter measurements than bandwidth, and three kinds of it share the time."""


@dataclass(frozen=True)
class Latencies:
    """The latency of some paths: ``medians`` are judged in as many rounds as it takes, ``tails`` in those same rounds.

    A tail of few requests is seldom decided: it shows what it can, and only fails.
    """

    baseline: Path
    paths: tuple[Path, ...]
    medians: tuple[Judged, ...]
    tails: tuple[Judged, ...]

    @property
    def samples(self) -> dict[str, Sample]:
        """All that was measured of each path, over all rounds."""
        return {path.name: merged(path.samples) for path in (self.baseline, *self.paths) if path.samples}

    @property
    def to_be_decided(self) -> list[Judged]:
        """What has to have a verdict: the medians, and those tails that are beyond their limit."""
        return [*self.medians, *(one for one in self.tails if one.verdict is Verdict.FAIL)]


def shorter(plan: Plan) -> Plan:
    """Return the plan for one kind of latency."""
    return replace(plan, seconds=plan.seconds / SHARE_OF_SECONDS, budget=plan.budget / SHARE_OF_BUDGET)


def latencies(prober: Prober, kind: str, baseline: Path, paths: Sequence[Path], plan: Plan) -> Latencies:
    """Measure and judge one kind: connect, exchange or echo.

    Raises MeasurementError when the baseline cannot be measured.
    """
    arms = {path.name: path.arm(prober, kind, plan.seconds, MEDIAN) for path in paths}
    reference = baseline.arm(prober, kind, plan.seconds, MEDIAN)
    medians = judge(arms, reference, dict.fromkeys(arms, MEDIAN_LIMIT), plan)
    tails = [_tail(path, baseline, medians[path.name], plan) for path in paths if medians[path.name].ratio]
    return Latencies(baseline, tuple(paths), tuple(medians.values()), tuple(tails))


def _tail(path: Path, baseline: Path, median: Judged, plan: Plan) -> Judged:
    number = len(median.subject)
    subject, reference = (tuple(sample.percentile(TAIL) for sample in one.samples[:number]) for one in (path, baseline))
    ratio = ratio_of(subject, reference, plan.confidence)
    return Judged(
        f"{path.name}, {TAIL}th percentile",
        TAIL_LIMIT,
        subject,
        reference,
        ratio,
        TAIL_LIMIT.verdict(ratio.interval),
        "these are the rounds of the median",
    )
