"""One check as HTML: its promise, its verdict, what that was based on, and how to repeat it."""

from __future__ import annotations

from pytest_k8snet.report.digest import duration, first_line
from pytest_k8snet.report.figures import Measurement
from pytest_k8snet.report.markup import Markup, element, joined, link
from pytest_k8snet.report.outcome import CheckOutcome
from pytest_k8snet.report.record import CheckRecord
from pytest_k8snet.report.table_markup import table_markup

SIGNS = {
    CheckOutcome.PASSED: "✓",
    CheckOutcome.FAILED: "✗",
    CheckOutcome.ERROR: "!",
    CheckOutcome.SKIPPED: "○",
    CheckOutcome.XFAILED: "≈",
    CheckOutcome.XPASSED: "?",
}
OPEN = (CheckOutcome.FAILED, CheckOutcome.ERROR, CheckOutcome.XPASSED)
REASONS = {
    CheckOutcome.FAILED: "Why it failed",
    CheckOutcome.ERROR: "Why there is no verdict",
    CheckOutcome.SKIPPED: "Why it was skipped",
    CheckOutcome.XFAILED: "Waived because",
    CheckOutcome.XPASSED: "Waived without need",
}


def check_markup(check: CheckRecord) -> Markup:
    """Return a check as HTML, unfolded when it needs attention."""
    return element(
        "details",
        _line(check),
        element("div", _promise(check), _reason(check), *map(table_markup, check.tables), _rest(check), class_="body"),
        class_=f"check {check.outcome}",
        open=check.outcome in OPEN,
    )


def _line(check: CheckRecord) -> Markup:
    convergence = check.convergence
    times = f"{duration(check.seconds)}" + ("" if convergence is None else f", converged in {duration(convergence)}")
    aside = "" if check.outcome is CheckOutcome.PASSED else first_line(check.reason)
    return element(
        "summary",
        element("span", element("i", SIGNS[check.outcome]), f" {check.outcome}", class_=f"chip {check.outcome}"),
        element("code", check.name),
        element("span", check.title, element("small", aside) if aside else "", class_="title"),
        element("span", times, class_="times"),
    )


def _promise(check: CheckRecord) -> Markup:
    facts = [
        ("clause", link(check.spec) if check.spec else ""),
        ("area, level", ", ".join(filter(None, (check.area, check.level)))),
        ("needs", ", ".join(check.requires)),
        ("parameters", ", ".join(f"{name}={value}" for name, value in check.params.items())),
        ("test", check.nodeid),
        ("worker", check.worker),
    ]
    listed = (joined((element("dt", name), element("dd", value))) for name, value in facts if value)
    return joined((element("p", check.doc, class_="doc") if check.doc else "", element("dl", *listed)))


def _reason(check: CheckRecord) -> Markup:
    if check.outcome not in REASONS or not check.reason:
        return Markup()
    return element("div", element("h4", REASONS[check.outcome]), element("pre", check.reason), class_="reason")


def _rest(check: CheckRecord) -> Markup:
    return joined(
        (
            _measurements(check.measurements),
            _list("Notes", check.notes),
            _texts("Evidence", check.evidence),
            _repeat(check.repeat),
        )
    )


def _measurements(measurements: list[Measurement]) -> Markup:
    if not measurements:
        return Markup()
    rows = (
        element("tr", element("th", m.name, scope="row"), element("td", f"{m.value:g} {m.unit}")) for m in measurements
    )
    return joined((element("h4", "Measured"), element("table", element("tbody", *rows), class_="measured")))


def _list(title: str, texts: list[str]) -> Markup:
    if not texts:
        return Markup()
    return joined((element("h4", title), element("ul", *(element("li", text) for text in texts))))


def _texts(title: str, texts: list[str]) -> Markup:
    if not texts:
        return Markup()
    return joined((element("h4", title), *(element("pre", text) for text in texts)))


def _repeat(command: str) -> Markup:
    if not command:
        return Markup()
    return joined((element("h4", "Repeat this check"), element("pre", command, class_="command")))
