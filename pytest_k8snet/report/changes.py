"""What became of the checks and of the speed since a former run. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_k8snet.measure.statistics import Estimate, Interval, change_of
from pytest_k8snet.measure.verdict import Limit, Verdict
from pytest_k8snet.report.compared import ChangeRecord, ComparedRecord
from pytest_k8snet.report.figures import RatioRecord
from pytest_k8snet.report.fingerprint import differing, fingerprint_of
from pytest_k8snet.report.outcome import CheckOutcome
from pytest_k8snet.report.record import Report

TOLERANCE = 0.1
"""What is not further from the former ratio counts as the same: less cannot be told in the time that a run has."""
GOOD = (CheckOutcome.PASSED, CheckOutcome.XPASSED)
BAD = (CheckOutcome.FAILED, CheckOutcome.ERROR)

Path = tuple[str, str, str]


def compare(now: Report, before: Report) -> ComparedRecord:
    """Return what changed between two runs. Checks and paths that only one of them has are left out."""
    then = {check.name: check for check in before.checks}
    both = [(check, then[check.name]) for check in now.checks if check.name in then]
    measured = _paths(before)
    return ComparedRecord(
        run_id=before.environment.run_id,
        started=before.started,
        differing=differing(fingerprint_of(now.environment), fingerprint_of(before.environment)),
        new_failures=[new.name for new, old in both if new.outcome in BAD and old.outcome in GOOD],
        fixed=[new.name for new, old in both if new.outcome in GOOD and old.outcome in BAD],
        measured=[
            _changed(path, better, ratio, measured[path][1])
            for path, (better, ratio) in _paths(now).items()
            if path in measured
        ],
    )


def _paths(report: Report) -> Mapping[Path, tuple[str, RatioRecord]]:
    """Return the measured paths; what is only held against itself gets neither better nor worse."""
    return {
        (check.name, one.name, one.unit): (one.better, one.ratio)
        for check in report.checks
        for one in check.comparisons
        if one.ratio is not None and one.better != "same"
    }


def _changed(path: Path, better: str, now: RatioRecord, before: RatioRecord) -> ChangeRecord:
    change = change_of(_estimate(now), _estimate(before), now.confidence)
    interval = change.interval
    verdict = Limit(1 / (1 - TOLERANCE), "same").verdict(interval)
    if verdict is Verdict.FAIL:
        said = "better" if (change.value > 1) == (better == "higher") else "worse"
    else:
        said = "same" if verdict is Verdict.PASS else "undecided"
    return ChangeRecord(
        *path, said, now.estimate, before.estimate, change.value, interval.low, interval.high, interval.confidence
    )


def _estimate(ratio: RatioRecord) -> Estimate:
    return Estimate(ratio.estimate, Interval(ratio.low, ratio.high, ratio.confidence), ratio.n, ratio.spread)
