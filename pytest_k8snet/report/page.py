"""``report.html``: one file that needs no network, no script and no other file. Light, dark and printable.

Everything in it goes through ``markup``, which escapes; the page's Content-Security-Policy forbids scripts and
requests besides, so that it can be opened from a mail.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from pytest_k8snet.report.check_markup import SIGNS, check_markup
from pytest_k8snet.report.compared_markup import compared_markup
from pytest_k8snet.report.digest import (
    by_area,
    counted,
    duration,
    environment_facts,
    headline,
    in_reading_order,
    slowest,
    to_look_at,
    when,
)
from pytest_k8snet.report.json_file import write_atomically
from pytest_k8snet.report.markup import Markup, element, joined
from pytest_k8snet.report.measured_markup import measured_markup
from pytest_k8snet.report.outcome import CheckOutcome
from pytest_k8snet.report.record import Environment, Report, Summary
from pytest_k8snet.report.table_markup import table_style

FILE = "report.html"
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
SLOWEST = 10


def write_page(directory: Path, report: Report) -> Path:
    """Write ``report.html`` into a directory and return its path. Raises OSError."""
    return write_atomically(directory / FILE, render(report).encode())


def render(report: Report) -> str:
    """Return the page of a report."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{headline(report)} · Kubernetes network conformance"),
        element("style", Markup(_page_style() + table_style())),
    )
    body = element(
        "body",
        _banner(report),
        element(
            "main",
            _areas(report),
            _waivers(report),
            compared_markup(report.compared),
            _checks(report),
            measured_markup(report.checks),
            _convergence(report),
            _environment(report.environment),
        ),
        element(
            "footer", f"pytest-k8snet · run {report.environment.run_id or '?'} · the source of this is report.json"
        ),
        class_="k8snet-adapts",
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _page_style() -> str:
    return resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")


def _banner(report: Report) -> Markup:
    counts = report.summary
    slower = report.compared is not None and report.compared.worse
    worst = (
        "failed" if counts.failed or slower else "error" if counts.error else "passed" if counts.passed else "skipped"
    )
    tiles = (_tile(outcome, counts.count(outcome)) for outcome in CheckOutcome)
    return element(
        "header",
        element("p", "Kubernetes network conformance", class_="kicker"),
        element("h1", headline(report)),
        element("p", _cluster(report.environment)),
        element("p", f"{when(report.started)} · {duration(report.seconds)} · exit status {report.exit_status}"),
        element("ul", *tiles, class_="tiles"),
        _bar(counts),
        _others(report.other),
        class_=f"banner {worst}",
    )


def _cluster(environment: Environment) -> str:
    facts = dict(environment_facts(environment))
    version = f"Kubernetes {facts['Kubernetes']}" if "Kubernetes" in facts else ""
    return " · ".join(filter(None, (facts.get("cluster"), version, facts.get("CNI"), facts.get("families"))))


def _tile(outcome: CheckOutcome, count: int) -> Markup:
    number = element("b", str(count))
    label = element("span", element("i", SIGNS[outcome]), f" {outcome}")
    return element("li", number, label, class_=f"tile {outcome}" + ("" if count else " none"))


def _bar(counts: Summary) -> Markup:
    """The shares of the outcomes; for the eye only, the tiles say the same."""
    shares = (
        element("span", class_=outcome.value, style=f"flex-grow:{counts.count(outcome)}")
        for outcome in CheckOutcome
        if counts.count(outcome)
    )
    return element("div", *shares, class_="bar", aria_hidden="true")


def _others(counts: Summary) -> Markup:
    return element("p", f"Tests beside the checks: {counted(counts)}.") if counts.total else Markup()


def _areas(report: Report) -> Markup:
    areas = by_area(report.checks)
    if len(areas) < 2:
        return Markup()
    head = element("tr", element("th", "area"), *(element("th", outcome.value) for outcome in CheckOutcome))
    rows = (
        element("tr", element("th", area, scope="row"), *(_count(counts, outcome) for outcome in CheckOutcome))
        for area, counts in areas.items()
    )
    table = element("table", element("thead", head), element("tbody", *rows), class_="counts")
    return element("section", element("h2", "Areas"), table)


def _count(counts: Summary, outcome: CheckOutcome) -> Markup:
    count = counts.count(outcome)
    return element("td", str(count or "·"), class_=outcome.value if count else "none")


def _waivers(report: Report) -> Markup:
    matters = [
        element("li", element("b", waiver.name), f" {matter} ({waiver.place}): {waiver.text}")
        for waiver, matter in to_look_at(report.waivers)
    ]
    return element("section", element("h2", "Waivers to look at"), element("ul", *matters)) if matters else Markup()


def _environment(environment: Environment) -> Markup:
    facts = environment_facts(environment)
    if not facts:
        nothing = element("p", "Nothing is known of it: the run ended early.")
        return element("section", element("h2", "Environment"), nothing)
    listed = (joined((element("dt", name), element("dd", value))) for name, value in facts)
    return element(
        "section", element("h2", "Environment"), element("dl", *listed), _nodes(environment), _fleet(environment)
    )


def _nodes(environment: Environment) -> Markup:
    heads = ("node", "addresses", "pod CIDRs", "kubelet", "runtime", "kernel", "system")
    rows: list[tuple[str, ...]] = [
        (node.name, _lines(node.addresses), _lines(node.pod_cidrs), node.kubelet, node.runtime, node.kernel, node.os)
        for node in environment.nodes
    ]
    return _rows("Nodes", heads, rows)


def _fleet(environment: Environment) -> Markup:
    rows: list[tuple[str, ...]] = [
        (pod.pod, pod.node, _lines(pod.addresses), "yes" if pod.host_network else "") for pod in environment.fleet
    ]
    return _rows("Fleet", ("pod", "node", "addresses", "hostNetwork"), rows)


def _lines(texts: list[str]) -> Markup:
    return joined(texts, element("br"))


def _rows(title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> Markup:
    if not rows:
        return Markup()
    head = element("tr", *(element("th", name, scope="col") for name in heads))
    body = (element("tr", *(element("td", value) for value in row)) for row in rows)
    table = element("table", element("thead", head), element("tbody", *body))
    return element("details", element("summary", f"{title} ({len(rows)})"), element("div", table, class_="scroll"))


def _convergence(report: Report) -> Markup:
    found = slowest(report.checks, SLOWEST)
    if not found:
        return Markup()
    longest = found[0][0] or 1.0
    rows = (
        element(
            "li",
            element("span", check.name, title=check.title),
            element("i", style=f"width:{100 * seconds / longest:.1f}%"),
            element("b", duration(seconds)),
        )
        for seconds, check in found
    )
    return element("section", element("h2", "Slowest to converge"), element("ol", *rows, class_="slowest"))


def _checks(report: Report) -> Markup:
    if not report.checks:
        return Markup()
    return element(
        "section",
        element("h2", "Checks"),
        _filters(report.summary),
        *(check_markup(check) for check in in_reading_order(report.checks)),
        class_="checks",
    )


def _filters(counts: Summary) -> Markup:
    """Radio buttons that the style sheet reads, so that a filter needs no script."""
    choices = [("all", counts.total), *((o.value, counts.count(o)) for o in CheckOutcome if counts.count(o))]
    return element(
        "p",
        *(
            element(
                "label",
                element("input", type="radio", name="show", id=f"show-{name}", checked=name == "all"),
                f"{name} {count}",
            )
            for name, count in choices
        ),
        class_="filters",
    )
