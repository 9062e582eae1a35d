"""What a run says in the terminal: plain lines that read well at 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from pytest_k8snet.report.compared_lines import compared_lines
from pytest_k8snet.report.digest import (
    by_area,
    counted,
    duration,
    environment_facts,
    first_line,
    headline,
    skip_reasons,
    slowest,
    to_look_at,
    with_outcome,
)
from pytest_k8snet.report.outcome import CheckOutcome
from pytest_k8snet.report.record import CheckRecord, Environment, Report, Summary

LISTED = {
    CheckOutcome.FAILED: ("the network does not conform", "red"),
    CheckOutcome.ERROR: ("no verdict: harness or environment", "red"),
    CheckOutcome.XPASSED: ("waived, but passed", "yellow"),
    CheckOutcome.XFAILED: ("waived", "yellow"),
}
WAIVED = {CheckOutcome.XPASSED, CheckOutcome.XFAILED}
IN_HEADER = (
    "cluster",
    "why this cluster",
    "Kubernetes",
    "nodes",
    "CNI",
    "families",
    "MTU",
    "fleet",
    "claims",
    "lacking",
    "seed",
)
SLOWEST = 5
SLOW = 0.5  # seconds; a convergence below it is not worth a line


class Terminal(Protocol):
    """The part of ``pytest.TerminalReporter`` that is used."""

    def write_sep(self, sep: str, title: str | None = None, fullwidth: int | None = None, **markup: bool) -> None:
        """Write a line of a separator with a title."""

    def write_line(self, line: str | bytes, **markup: bool) -> None:
        """Write a line."""


def header_lines(environment: Environment, width: int = 80) -> list[str]:
    """Return what is known of the cluster, a line or more for each fact."""
    facts = [(name, value) for name, value in environment_facts(environment) if name in IN_HEADER]
    margin = max((len(name) for name, _ in facts), default=0) + 2
    lines: list[str] = []
    for name, value in facts:
        first, *more = textwrap.wrap(value, max(width - margin - 8, 20), break_on_hyphens=False)
        lines.append(f"k8snet: {name:<{margin}}{first}")
        lines += [f"k8snet: {'':<{margin}}{text}" for text in more]
    return lines


def write_summary(terminal: Terminal, report: Report, *, written: Path | None, verbosity: int, width: int = 80) -> None:
    """Write the end of a run.

    With ``-q`` a single line, with ``-qq`` nothing. ``written`` is the file that tells more.
    """
    if verbosity < -1:
        return
    where = f"report: {written}" if written else "no report was written"
    if verbosity < 0:
        worse = len(report.compared.worse) if report.compared else 0
        slower = f"; slower than before: {worse}" if worse else ""
        counts = report.summary if report.summary.total else report.other
        waivers = to_look_at(report.waivers)
        matters = f"; waivers to look at: {', '.join(waiver.name for waiver, _ in waivers)}" if waivers else ""
        terminal.write_line(f"k8snet: {counted(counts)}{matters}{slower}; {where}")
        return
    terminal.write_sep("=", "Kubernetes network conformance")
    _write_areas(terminal, report)
    for outcome in LISTED:
        _write_listed(terminal, with_outcome(report.checks, outcome), outcome, width)
    _write_waivers(terminal, report, width)
    _write_skipped(terminal, report.checks, width)
    _write_slowest(terminal, report.checks, width)
    _write_compared(terminal, report)
    good = not (report.summary.failed or report.summary.error or report.exit_status)
    terminal.write_line(headline(report), bold=True, **{"green" if good else "red": True})
    terminal.write_line(where)


def _write_areas(terminal: Terminal, report: Report) -> None:
    areas = by_area(report.checks)
    if not areas:
        return
    outcomes = [each for each in CheckOutcome if each is not CheckOutcome.XPASSED or report.summary.xpassed]
    margin = max(len("area"), *(len(area) for area in areas)) + 2
    terminal.write_line(f"{'area':<{margin}}" + "".join(f"{outcome:>9}" for outcome in outcomes))
    for area, counts in areas.items():
        terminal.write_line(_row(area, margin, counts, outcomes))
    if len(areas) > 1:
        terminal.write_line(_row("all", margin, report.summary, outcomes), bold=True)
    terminal.write_line("")


def _row(name: str, margin: int, counts: Summary, outcomes: Iterable[CheckOutcome]) -> str:
    return f"{name:<{margin}}" + "".join(f"{counts.count(outcome) or '.':>9}" for outcome in outcomes)


def _write_listed(terminal: Terminal, checks: list[CheckRecord], outcome: CheckOutcome, width: int) -> None:
    if not checks:
        return
    meaning, colour = LISTED[outcome]
    terminal.write_line(f"{outcome} ({meaning})", bold=True, **{colour: True})
    margin = _margin(checks)
    for check in checks:
        line = f"  {check.name:<{margin}}  {first_line(check.reason) or check.title}"
        # A waiver's link is of no use when it is cut off.
        for part in _wrapped(line, width, margin + 4) if outcome in WAIVED else [clipped(line, width)]:
            terminal.write_line(part)
    terminal.write_line("")


def _write_waivers(terminal: Terminal, report: Report, width: int) -> None:
    if not (waivers := to_look_at(report.waivers)):
        return
    terminal.write_line("waivers to look at", bold=True, yellow=True)
    for waiver, matter in waivers:
        for part in _wrapped(f"  {waiver.name}  {matter} ({waiver.place})", width, 4):
            terminal.write_line(part)
    terminal.write_line("")


def _wrapped(line: str, width: int, indent: int) -> list[str]:
    return textwrap.wrap(line, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def _write_skipped(terminal: Terminal, checks: Iterable[CheckRecord], width: int) -> None:
    reasons = skip_reasons(checks)
    if not reasons:
        return
    terminal.write_line("skipped (does not apply here)", bold=True, yellow=True)
    for reason, skipped in reasons:
        names = sorted({check.id for check in skipped})
        shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        terminal.write_line(clipped(f"  {len(skipped)} x {first_line(reason)} ({shown})", width))
    terminal.write_line("")


def _write_slowest(terminal: Terminal, checks: Iterable[CheckRecord], width: int) -> None:
    found = [(seconds, check) for seconds, check in slowest(checks, SLOWEST) if seconds >= SLOW]
    if not found:
        return
    terminal.write_line("slowest to converge", bold=True)
    margin = _margin([check for _, check in found])
    for seconds, check in found:
        terminal.write_line(clipped(f"  {duration(seconds):>8}  {check.name:<{margin}}  {check.title}", width))
    terminal.write_line("")


def _write_compared(terminal: Terminal, report: Report) -> None:
    if report.compared is None:
        return
    headline, *rest = compared_lines(report.compared)
    terminal.write_line(headline[0], bold=True)
    for text, colour in rest:
        terminal.write_line(text, **({colour: True} if colour else {}))
    terminal.write_line("")


def _margin(checks: Iterable[CheckRecord]) -> int:
    """The width of a column of names; one very long name must not push all reasons out of the window."""
    return min(max(len(check.name) for check in checks), 28)


def clipped(line: str, width: int) -> str:
    """Cut a line that is too long, and show that it was cut."""
    return line if len(line) <= width else line[: width - 3] + "..."
