"""Where a test runs (worker or single process): judges each phase of a check and sends its record with the report."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from pytest_k8snet.errors import ClaimNotMet, NoVerdict
from pytest_k8snet.report import html
from pytest_k8snet.report.junit import with_properties
from pytest_k8snet.report.outcome import CheckOutcome, check_outcome
from pytest_k8snet.report.reason import reason_of
from pytest_k8snet.report.record import CheckRecord, encode
from pytest_k8snet.report.record_key import RECORD

SENT: pytest.StashKey[str] = pytest.StashKey()


class RecordPlugin:
    """Turns what pytest reports of an item with a record (``item.stash[RECORD]``) into the outcome of a check."""

    def __init__(self, config: pytest.Config) -> None:
        self._worker = str(getattr(config, "workerinput", {}).get("workerid", ""))
        self._with_html = html.wanted(config)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judge a phase. The outermost wrapper, so that it sees what an xfail mark made of the report."""
        report = yield
        record = item.stash.get(RECORD, None)
        raised = call.excinfo.value if call.excinfo else None
        if report.failed and isinstance(raised, ClaimNotMet):
            report.when = "call"  # for the readers that "show_as_error" speaks of: it is a verdict
        if record is None:
            if report.failed and isinstance(raised, NoVerdict):
                show_as_error(report)
            return report
        record.worker = self._worker
        if judge(record, report, call) is CheckOutcome.ERROR:
            show_as_error(report)
        self._send(item, record, report)
        if self._with_html and (call.when == "call" or (call.when == "setup" and not report.passed)):
            report.__dict__["extras"] = [*getattr(report, "extras", []), *html.extras(record)]
        return report

    def _send(self, item: pytest.Item, record: CheckRecord, report: pytest.TestReport) -> None:
        text = _encoded(record, report)
        if text == item.stash.get(SENT, None):
            return
        item.stash[SENT] = report.__dict__["k8snet"] = text
        item.user_properties[:] = with_properties(item.user_properties, record)
        report.user_properties = list(item.user_properties)
        if record.outcome in (CheckOutcome.XFAILED, CheckOutcome.XPASSED):
            report.sections.append(("waiver", record.reason))  # pytest-html shows no reason by itself
        if report.failed:
            report.sections.append((f"k8snet {record.name}", _how_to_go_on(record)))


def show_as_error(report: pytest.TestReport) -> None:
    """Make a report without a verdict an *error* for every reader of it.

    The terminal, JUnit and pytest-html tell failed from error by the phase alone: a failure of the call is *failed*,
    of setup or teardown *error*. A call without a verdict is therefore given out as part of the setup: the only way
    that all three follow, with and without xdist. What -x, --maxfail and --lf look at is ``failed``, which stays.
    """
    if report.when == "call":
        report.when = "setup"
    report.outcome = "failed"
    report.__dict__.pop("wasxfail", None)


def judge(record: CheckRecord, report: pytest.TestReport, call: pytest.CallInfo[None]) -> CheckOutcome:
    """Enter a phase into the record and return the outcome of this phase alone."""
    raised = call.excinfo.value if call.excinfo else None
    outcome = check_outcome(
        phase=call.when,
        reported=report.outcome,
        raised=type(raised) if raised else None,
        waived=hasattr(report, "wasxfail"),
    )
    if call.when == "setup":
        record.started = call.start
    if call.when == "teardown":
        _enter_teardown(record, outcome, reason_of(outcome, record, report, raised))
        return outcome
    record.seconds += call.duration
    if call.when == "call" or outcome is not CheckOutcome.PASSED:
        record.outcome, record.reason = outcome, reason_of(outcome, record, report, raised)
    return outcome


def _enter_teardown(record: CheckRecord, outcome: CheckOutcome, reason: str) -> None:
    """A verdict of the call that the network does not conform outlives an error in the teardown; others do not."""
    if outcome is not CheckOutcome.ERROR:
        return
    if record.outcome in (CheckOutcome.FAILED, CheckOutcome.ERROR):
        record.reason += f"\nin the teardown: {reason}"
    else:
        record.outcome, record.reason = outcome, f"in the teardown: {reason}"


def _encoded(record: CheckRecord, report: pytest.TestReport) -> str:
    try:
        return encode(record)
    except (TypeError, ValueError) as error:
        record.outcome = CheckOutcome.ERROR
        record.reason = f"what this check recorded cannot be written into the report: {error}"
        record.tables, record.measurements, record.evidence = [], [], []
        report.longrepr = report.longrepr or record.reason
        show_as_error(report)
        return encode(record)


def _how_to_go_on(record: CheckRecord) -> str:
    lines = [
        record.title,
        f"clause: {record.spec}" if record.spec else "",
        *(f"note: {note}" for note in record.notes),
        *(f"evidence: {text}" for text in record.evidence),
        f"repeat: {record.repeat}" if record.repeat else "",
    ]
    return "\n".join(line for line in lines if line)
