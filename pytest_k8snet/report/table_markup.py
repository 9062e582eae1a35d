"""A truth table as HTML: the grid, and for every wrong cell what was expected, what was seen and why it is wrong."""

from __future__ import annotations

from importlib import resources

from pytest_k8snet.report.digest import duration
from pytest_k8snet.report.grid import Grid, Mark, Square, grid_of
from pytest_k8snet.report.markup import Markup, element, joined
from pytest_k8snet.report.record import CellRecord, PodRecord, TableRecord

AT_ONCE, EXPLAINED = 12, 100  # wrong cells of one table that are unfolded, and that are explained at all
CLASSES = {Mark.WRONG: "wrong", Mark.CONNECTED: "connected", Mark.REJECTED: "rejected", Mark.MIXED: "mixed"}


def table_style() -> str:
    """Return the style sheet of what this module makes. It needs no other and touches nothing outside."""
    return resources.files(__package__).joinpath("table.css").read_text(encoding="utf-8")


def table_markup(table: TableRecord) -> Markup:
    """Return a truth table as HTML."""
    grid = grid_of(table)
    shown = joined((_grid(grid), _legend(grid))) if grid.rows else Markup()
    return element(
        "section",
        element("h4", table.title, element("span", _course(table), class_="k8snet-course")),
        shown,
        _left_out(grid),
        _flaps(table),
        *(element("p", note, class_="k8snet-note") for note in table.notes),
        _wrong_cells(table),
        class_="k8snet-table",
    )


def _course(table: TableRecord) -> str:
    converged = table.seconds_to_converge
    rounds = f"{table.rounds} rounds" if table.rounds != 1 else "1 round"
    course = "never converged" if converged is None else f"converged in {duration(converged)}"
    return f"{table.verdict} · {course} · {rounds}"


def _grid(grid: Grid) -> Markup:
    across = [
        element("th", element("span", column, class_="k8snet-across"), scope="col", title=column)
        for column in grid.columns
    ]
    rows = (
        element("tr", _source(row), *(_square(grid.square(row, column)) for column in grid.columns))
        for row in grid.rows
    )
    corner = element("td", "from ↓  to →", class_="k8snet-corner")
    table = element("table", element("thead", element("tr", corner, *across)), element("tbody", *rows))
    return element("div", table, class_="k8snet-grid")


def _source(pod: PodRecord) -> Markup:
    return element("th", pod.pod, " ", element("small", pod.node), scope="row", title=" ".join(pod.addresses))


def _square(square: Square | None) -> Markup:
    if square is None:
        return element("td", class_="k8snet-unasked", title="not asked")
    mark = square.mark
    title = "\n".join(f"{_target(cell)}: {cell.mismatch or cell.seen.outcome}" for cell in square.cells)
    wrong = sum(not cell.ok for cell in square.cells)
    share = element("small", f"{wrong}/{len(square.cells)}") if 0 < wrong < len(square.cells) else Markup()
    return element("td", mark.value, share, class_=f"k8snet-{CLASSES[mark]}", title=title)


def _legend(grid: Grid) -> Markup:
    entries = (
        element("span", element("b", mark.value, class_=f"k8snet-{CLASSES[mark]}"), f" {mark.meaning}")
        for mark in grid.marks
    )
    return element("p", *entries, class_="k8snet-legend")


def _left_out(grid: Grid) -> Markup:
    rows, columns = grid.left_out
    if not rows and not columns:
        return Markup()
    return element("p", f"Too large to show whole: {rows} sources and {columns} targets are left out.")


def _flaps(table: TableRecord) -> Markup:
    if not table.flaps:
        return Markup()
    return element("div", element("b", "Did not hold"), element("ul", *(element("li", flap) for flap in table.flaps)))


def _wrong_cells(table: TableRecord) -> Markup:
    wrong = table.wrong
    if not wrong:
        return Markup()
    parts = [_explained(wrong[:AT_ONCE])]
    if folded := wrong[AT_ONCE:EXPLAINED]:
        parts.append(element("details", element("summary", f"{len(folded)} more"), _explained(folded)))
    if rest := wrong[EXPLAINED:]:
        parts.append(element("p", f"… and {len(rest)} more, in report.json."))
    return element("div", *parts, class_="k8snet-wrong-cells")


def _explained(cells: list[CellRecord]) -> Markup:
    head = element("tr", *(element("th", name, scope="col") for name in ("from", "to", "expected", "seen", "why")))
    rows = (element("tr", *_explanation(cell)) for cell in cells)
    return element("table", element("thead", head), element("tbody", *rows))


def _explanation(cell: CellRecord) -> list[Markup]:
    source, expected = cell.source, cell.expected
    return [
        _cell(source.pod, f"on {source.node}" if source.node else "", ", ".join(source.addresses)),
        _cell(cell.column, _target(cell)),
        _cell(
            " or ".join(expected.outcomes),
            f"answered by {expected.server}" if expected.server else "",
            f"from source {expected.source}" if expected.source else "",
            expected.because,
        ),
        _cell(cell.seen.outcome, *_evidence(cell)),
        element("td", element("b", f"{Mark.WRONG} {cell.mismatch}", class_="k8snet-why")),
    ]


def _cell(first: str, *more: str) -> Markup:
    return element("td", element("b", first), *(element("small", text) for text in more if text))


def _target(cell: CellRecord) -> str:
    address = f"[{cell.address}]" if ":" in cell.address and cell.port else cell.address
    return f"{address}:{cell.port}/{cell.protocol}" if cell.port else f"{address} {cell.protocol}"


def _evidence(cell: CellRecord) -> list[str]:
    seen = cell.seen
    attempts = f", {seen.attempts} attempts" if seen.attempts != 1 else ""
    return [
        f"after {seen.millis:.1f} ms{attempts}",
        seen.detail,
        f"answered by {seen.server}" if seen.server else "",
        f"the server saw {seen.source}" if seen.source else "",
        f"the answer came from {seen.replied_from}" if seen.replied_from not in ("", cell.address) else "",
        f"path MTU {seen.path_mtu}" if seen.path_mtu else "",
    ]
