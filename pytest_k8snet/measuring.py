"""Measuring in a test, with what was measured kept for its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

import pytest

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.fitness import Fitness
from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.rounds import CONFIDENCE, Arm, Plan, judge
from pytest_k8snet.measure.statistics import FEWEST, estimate_of
from pytest_k8snet.measure.verdict import Limit, Verdict
from pytest_k8snet.options import Settings
from pytest_k8snet.report.figures import (
    ArmRecord,
    ComparisonRecord,
    DistributionRecord,
    MatrixRecord,
    Measurement,
    RatioRecord,
)
from pytest_k8snet.report.record import CheckRecord
from pytest_k8snet.report.record_key import RECORD


def plan_of(settings: Settings) -> Plan:
    """Return how long the profile measures."""
    given = settings.profile_settings.measuring
    return Plan(given.looks, CONFIDENCE, given.seconds, given.budget, settings.seed or 0)


class Measuring:
    """Measures for one test. Get it from the fixture ``k8snet_measure``: who uses that has the network alone.

    ``plan`` says for how long; ``takes_hold``, ``changes``, ``churn`` and ``pairs_of`` are the profile's
    (``profiles.Measuring``), ``churn`` unless the option of that name gives another.
    """

    def __init__(self, settings: Settings, item: pytest.Item) -> None:
        self._undecided = settings.profile_settings.measuring.undecided
        self._record: CheckRecord | None = item.stash.get(RECORD, None)
        self.plan = plan_of(settings)
        given = settings.profile_settings.measuring
        self.takes_hold, self.changes = given.takes_hold, given.changes
        self.churn = given.churn if settings.churn is None else settings.churn
        self.pairs_of = given.pairs_of

    def compare(self, name: str, subject: Arm, baseline: Arm, limit: Limit, *, unit: str, against: str = "") -> Judged:
        """Measure one path beside a baseline, record it, and return what is judged of it.

        ``assert judged.verdict is Verdict.PASS, judged.explain()`` is then all that is left to say.
        """
        return self.decided(
            judge({name: subject}, baseline, {name: limit}, self.plan)[name], unit=unit, against=against
        )

    def decided(self, judged: Judged, *, unit: str, against: str = "") -> Judged:
        """Record what was judged, also by another test's measurements, and return it when there is a verdict.

        Without one the test is skipped with the reason, or it is an error: as the profile says (decision 092).

        Raises:
            MeasurementError: the path could not be measured, or the profile wants a verdict and there is none.

        """
        self.record(judged, unit=unit, against=against)
        self._demand_verdict(judged)
        return judged

    def beyond_limits(self, judged: Sequence[Judged], *, unit: str, against: str = "") -> list[str]:
        """Record several comparisons and return, in words, those that are beyond their limits.

        Where none is, one without a verdict ends the test as ``decided`` says. Raises MeasurementError.
        """
        for one in judged:
            self.record(one, unit=unit, against=against)
        failed = [one.explain() for one in judged if one.verdict is Verdict.FAIL]
        if not failed:
            for one in judged:
                self._demand_verdict(one)
        return failed

    def _demand_verdict(self, judged: Judged) -> None:
        if judged.trouble is not None:
            raise judged.trouble
        if judged.verdict is Verdict.INCONCLUSIVE:
            self._end_without_verdict(judged.explain())

    def demand_fitness(self, fitness: Fitness) -> None:
        """End a test where a path is not even like itself: as one without a verdict, for that is not the network's
        fault.
        """
        if fitness.reason:
            self._end_without_verdict(f"not fit for verdicts: {fitness.reason}\n{fitness.itself.explain()}")

    def _end_without_verdict(self, why: str) -> NoReturn:
        if self._undecided == "error":
            raise MeasurementError(why)
        pytest.skip(why)

    def record(self, judged: Judged, *, unit: str, against: str = "") -> None:
        """Put a comparison into the report, whatever its verdict."""
        if self._record is not None:
            self._record.comparisons.append(comparison(judged, unit, against))
            # What is known of a baseline is a doubt of each path beside it.
            self._record.notes.extend(doubt for doubt in judged.doubts if doubt not in self._record.notes)

    def figure(self, name: str, value: float, unit: str) -> None:
        """Put a number into the report."""
        if self._record is not None:
            self._record.measurements.append(Measurement(name, value, unit))

    def distribution(self, name: str, unit: str, count: int, points: Sequence[tuple[float, float]]) -> None:
        """Put a distribution into the report: ``points`` are values with the share (0 to 1) that is at most as large.

        A hundred points say all that a picture can show; ``count`` is how many values there were.
        """
        if self._record is not None:
            values, shares = [value for value, _ in points], [share for _, share in points]
            self._record.distributions.append(DistributionRecord(name, unit, count, values, shares))

    def matrix(self, name: str, unit: str, better: str, cells: Mapping[tuple[str, str], float]) -> None:
        """Put a number for each pair (from, to) of nodes into the report; pairs that are not there stay empty."""
        if self._record is not None:
            names = dict.fromkeys(name for pair in cells for name in pair)
            rows = [name for name in names if any(name == source for source, _ in cells)]
            columns = [name for name in names if any(name == target for _, target in cells)]
            values = [[cells.get((row, column)) for column in columns] for row in rows]
            self._record.matrices.append(MatrixRecord(name, unit, better, rows, columns, values))

    def note(self, text: str) -> None:
        """Put a sentence into the report: what people should know of how the verdict came about."""
        if self._record is not None:
            self._record.notes.append(text)


def comparison(judged: Judged, unit: str, against: str) -> ComparisonRecord:
    """Return what was judged as data for the report."""
    ratio = judged.ratio
    return ComparisonRecord(
        name=judged.name,
        unit=unit,
        better=judged.limit.better,
        limit=judged.limit.ratio,
        verdict=judged.verdict.value,
        stopped=judged.stopped,
        subject=_arm(judged.subject),
        baseline=_arm(judged.baseline),
        against=against,
        flags=[*judged.flags],
        ratio=None
        if ratio is None
        else RatioRecord(
            estimate=ratio.estimate,
            low=ratio.interval.low,
            high=ratio.interval.high,
            confidence=ratio.interval.confidence,
            n=ratio.n,
            median=ratio.median,
            hodges_lehmann=ratio.hodges_lehmann,
            spread=ratio.spread,
            apart=list(ratio.apart),
        ),
    )


def _arm(samples: Sequence[float]) -> ArmRecord:
    if len(samples) < FEWEST:
        return ArmRecord(list(samples))
    mean = estimate_of(samples, CONFIDENCE)
    return ArmRecord(list(samples), mean.value, mean.interval.low, mean.interval.high, mean.spread)
