"""Why a check ended as it did, in words for people: the first line says it, further lines may help."""

from __future__ import annotations

import traceback

import pytest

from pytest_k8snet.errors import K8sNetError
from pytest_k8snet.report.outcome import CheckOutcome
from pytest_k8snet.report.record import CheckRecord, TableRecord

UNTOLD = "no reason was given"


def reason_of(
    outcome: CheckOutcome, record: CheckRecord, report: pytest.TestReport, raised: BaseException | None
) -> str:
    """Return the reason of an outcome; "" for a check that passed."""
    if outcome is CheckOutcome.PASSED:
        return ""
    if outcome is CheckOutcome.SKIPPED:
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        return _printable(text.removeprefix("Skipped: ")) or UNTOLD
    if outcome in (CheckOutcome.XFAILED, CheckOutcome.XPASSED):
        text = str(getattr(report, "wasxfail", report.longrepr))
        return _printable(text.removeprefix("reason: ").removeprefix("[XPASS(strict)] ")) or UNTOLD
    if raised is None:
        return _printable(report.longreprtext) or UNTOLD
    if outcome is CheckOutcome.FAILED:
        tables = [_wrong_table(table) for table in record.tables if not table.ok]
        # What pytest.fail was given is the check's own words; an assertion's are made of the table.
        said = [str(raised)] if isinstance(raised, pytest.fail.Exception) or not tables else []
        return _printable("\n".join(said + tables)) or UNTOLD
    return _printable(_trouble(raised))


def _wrong_table(table: TableRecord) -> str:
    said = f"{table.verdict} ({table.title})"
    if table.wrong:
        first = table.wrong[0]
        return f"{said}: {first.source.pod} to {first.column}: {first.mismatch}"
    return f"{said}: {table.flaps[0]}" if table.flaps else said


def _trouble(raised: BaseException) -> str:
    if isinstance(raised, K8sNetError):
        return f"{type(raised).__name__}: {raised}"
    return "".join(traceback.format_exception_only(raised)).strip()


def _printable(text: str) -> str:
    """Neither JSON nor execnet can carry half of a surrogate pair, which undecodable output of a program leaves."""
    return text.encode("utf-8", "backslashreplace").decode().strip()
