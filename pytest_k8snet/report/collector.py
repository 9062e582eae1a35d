"""The controller's side: takes pytest's reports of all workers and makes one Report of them."""

from __future__ import annotations

import pytest

from pytest_k8snet.report.digest import NO_VERDICT, summarise
from pytest_k8snet.report.outcome import WORST_FIRST, CheckOutcome, plain_test_outcome
from pytest_k8snet.report.record import CheckRecord, Environment, Report, Summary, decode

CRASHED = "???"  # what pytest-xdist writes as the phase of a test in which a worker died
JUDGED_BY_TESTS = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


class Collector:
    """Keeps for every test the last that was reported of it.

    A report with a ``k8snet`` attribute carries the JSON of its check's record as it then was; each later one
    replaces it. Reports without are of tests beside the checks and are only counted.
    """

    def __init__(self) -> None:
        self._checks: dict[str, CheckRecord] = {}
        self._others: dict[str, CheckOutcome] = {}

    def add(self, report: pytest.TestReport) -> None:
        """Take a report of a phase of a test; in any order of tests, but of one test in the order of its phases."""
        text = getattr(report, "k8snet", None)
        if text is not None:
            self._checks[report.nodeid] = decode(text)
        elif report.when == CRASHED and report.nodeid in self._checks:
            self._crashed(self._checks[report.nodeid], report)
        elif report.nodeid not in self._checks:
            self._count_other(report)

    def exit_status(self, pytest_status: int) -> int:
        """Return the exit status of the run, given pytest's.

        1: something failed. 3: nothing failed, but something has no verdict. Otherwise pytest's own, which stands
        also where the run did not come to its end (interrupted, usage, internal error, nothing ran).
        """
        if pytest_status not in JUDGED_BY_TESTS:
            return pytest_status
        checks, others = self.summary(), self.other()
        if checks.failed or others.failed:
            return int(pytest.ExitCode.TESTS_FAILED)
        if checks.error or others.error:
            return NO_VERDICT
        return pytest_status

    def summary(self) -> Summary:
        """Count the checks."""
        return summarise(check.outcome for check in self._checks.values())

    def other(self) -> Summary:
        """Count the tests that are not checks, each by the worst of its phases."""
        return summarise(self._others.values())

    def build(self, environment: Environment, *, started: float, seconds: float, exit_status: int) -> Report:
        """Make the report of what is known now."""
        return Report(
            started=started,
            seconds=seconds,
            exit_status=exit_status,
            summary=self.summary(),
            other=self.other(),
            environment=environment,
            checks=sorted(self._checks.values(), key=lambda check: (check.area, check.name, check.nodeid)),
        )

    @staticmethod
    def _crashed(check: CheckRecord, report: pytest.TestReport) -> None:
        if check.outcome is not CheckOutcome.FAILED:
            check.outcome = CheckOutcome.ERROR
            check.reason = str(report.longrepr)

    def _count_other(self, report: pytest.TestReport) -> None:
        if report.passed and report.when != "call":
            return
        outcome = plain_test_outcome(
            phase=str(report.when), reported=report.outcome, waived=hasattr(report, "wasxfail")
        )
        known = self._others.get(report.nodeid, outcome)
        self._others[report.nodeid] = min(outcome, known, key=WORST_FIRST.index)
