"""What the controller makes of the reports of all workers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from pytest_k8snet.report.collector import Collector
from pytest_k8snet.report.outcome import CheckOutcome
from pytest_k8snet.report.record import CheckRecord, Environment, Report, Summary, encode

MakeCheck = Callable[..., CheckRecord]
NODEID = "test_a.py::test_a"


def _report(
    outcome: str = "passed", when: str = "call", *, nodeid: str = NODEID, check: CheckRecord | None = None
) -> pytest.TestReport:
    longrepr = f"worker 'gw0' crashed while running '{nodeid}'" if outcome == "failed" else None
    report = pytest.TestReport(nodeid, ("test_a.py", 0, "test_a"), {}, outcome, longrepr, when)  # type: ignore[arg-type]
    if check is not None:
        report.__dict__["k8snet"] = encode(check)
    return report


def _built(collector: Collector, status: int = 0) -> Report:
    return collector.build(Environment(), started=0, seconds=0, exit_status=status)


def test_the_last_report_of_a_check_is_the_one_that_counts(make_check: MakeCheck) -> None:
    collector = Collector()
    collector.add(_report(when="setup", check=make_check(outcome="error")))
    collector.add(_report(check=make_check(outcome="passed")))
    collector.add(_report(when="teardown"))

    assert collector.summary() == Summary(passed=1)
    assert collector.other() == Summary()


def test_a_teardown_that_fails_replaces_the_outcome(make_check: MakeCheck) -> None:
    collector = Collector()
    collector.add(_report(check=make_check(outcome="passed")))
    collector.add(_report("failed", "teardown", check=make_check(outcome="error")))

    assert collector.summary() == Summary(error=1)


def test_a_check_whose_worker_died_is_an_error_with_the_reason(make_check: MakeCheck) -> None:
    collector = Collector()
    collector.add(_report(when="setup", check=make_check(outcome="error")))
    collector.add(_report("failed", "???"))

    check = _built(collector).checks[0]
    assert check.outcome is CheckOutcome.ERROR
    assert check.reason == f"worker 'gw0' crashed while running '{NODEID}'"


def test_a_verdict_that_was_reached_outlives_the_death_of_the_worker(make_check: MakeCheck) -> None:
    collector = Collector()
    collector.add(_report("failed", check=make_check(outcome="failed")))
    collector.add(_report("failed", "???"))

    assert collector.summary() == Summary(failed=1)


def test_a_worker_that_died_before_the_check_was_known_is_still_an_error() -> None:
    collector = Collector()
    collector.add(_report("failed", "???"))

    assert collector.other() == Summary(error=1)
    assert collector.exit_status(1) == 3


def test_tests_that_are_no_checks_are_counted_once_by_their_worst_phase() -> None:
    collector = Collector()
    for when, outcome in (("setup", "passed"), ("call", "passed"), ("teardown", "failed")):
        collector.add(_report(outcome, when, nodeid="mine.py::test_torn"))
    for when, outcome in (("setup", "passed"), ("call", "failed"), ("teardown", "failed")):
        collector.add(_report(outcome, when, nodeid="mine.py::test_failed"))
    for when in ("setup", "call", "teardown"):
        collector.add(_report(when=when, nodeid="mine.py::test_good"))

    assert collector.other() == Summary(passed=1, failed=1, error=1)
    assert collector.summary() == Summary()
    assert not _built(collector).checks


@pytest.mark.parametrize(
    ("outcomes", "pytest_status", "status"),
    [
        (["passed", "skipped", "xfailed"], 0, 0),
        (["passed", "xpassed"], 0, 0),
        (["xpassed"], 1, 1),
        (["passed", "failed"], 1, 1),
        (["failed", "error"], 1, 1),
        (["passed", "error"], 1, 3),
        (["error"], 0, 3),
        (["failed"], 0, 1),
        (["failed"], 2, 2),
        (["error"], 2, 2),
        ([], 4, 4),
        ([], 5, 5),
        (["passed"], 3, 3),
        (["passed"], 1, 1),
    ],
)
def test_the_exit_status_tells_a_defect_from_a_missing_verdict(
    make_check: MakeCheck, outcomes: list[str], pytest_status: int, status: int
) -> None:
    collector = Collector()
    for number, outcome in enumerate(outcomes):
        collector.add(_report(nodeid=f"test_a.py::test_{number}", check=make_check(outcome=outcome)))

    assert collector.exit_status(pytest_status) == status


def test_failures_of_tests_that_are_no_checks_count_for_the_exit_status_too(make_check: MakeCheck) -> None:
    collector = Collector()
    collector.add(_report("failed", nodeid="mine.py::test_a"))
    collector.add(_report(check=make_check(outcome="error")))

    assert collector.exit_status(1) == 1


def test_what_another_plugin_reports_of_a_check_does_not_make_it_a_second_test(make_check: MakeCheck) -> None:
    collector = Collector()
    collector.add(_report(check=make_check()))
    collector.add(_report("failed"))

    assert collector.other() == Summary()


def test_checks_are_reported_by_area_and_name_whatever_order_they_ran_in(make_check: MakeCheck) -> None:
    collector = Collector()
    for id in ("POLICY-001", "MODEL-002", "DNS-001", "MODEL-001"):
        collector.add(_report(nodeid=f"test_a.py::{id}", check=make_check(id)))

    assert [check.id for check in _built(collector).checks] == ["DNS-001", "MODEL-001", "MODEL-002", "POLICY-001"]


def test_the_built_report_counts_what_it_holds(make_check: MakeCheck) -> None:
    collector = Collector()
    collector.add(_report(check=make_check()))
    report = _built(collector, 0)

    assert dataclasses.asdict(report.summary)["passed"] == len(report.checks) == 1
