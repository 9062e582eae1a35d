"""A number for each pair of nodes: the worse, the darker."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pytest_k8snet.report.figures import MatrixRecord
from pytest_k8snet.report.markup import Markup, joined
from pytest_k8snet.report.pictures.scale import readable, short, unit_for
from pytest_k8snet.report.pictures.svg import WIDTH, box, drawing, text

LEFT, HEAD, ROW, GAP = 170, 26, 30, 2
WIDEST = 130
LONGEST_NAME = 24
DARKEST = 0.75


def matrix(record: MatrixRecord) -> Markup:
    """Return a picture of the matrix; nothing when it holds no number."""
    known = [value for row in record.values for value in row if value is not None]
    if not known:
        return Markup()
    width = min(WIDEST, (WIDTH - LEFT) / len(record.columns))
    divisor, unit = unit_for(max(known), record.unit)
    heads = [
        text(LEFT + width * (place + 0.5), HEAD - 10, _cut(name, int(width / 7)), anchor="middle", class_="name")
        for place, name in enumerate(record.columns)
    ]
    rows = [joined(_row(record, place, width, known, divisor)) for place in range(len(record.rows))]
    said = f"from {readable(min(known), record.unit)} to {readable(max(known), record.unit)}; worst: {_worst(record)}"
    title = f"{record.name}, {unit}" if unit else record.name
    return drawing(f"{title} (from the row to the column)", said, HEAD + ROW * len(rows) + GAP, *heads, *rows)


def _row(record: MatrixRecord, place: int, width: float, known: list[float], divisor: float) -> Iterator[Markup]:
    source, top = record.rows[place], HEAD + ROW * place
    yield text(LEFT - 8, top + ROW / 2 + 4, _cut(source, LONGEST_NAME), anchor="end", class_="name")
    for column, value in enumerate(record.values[place]):
        left = LEFT + width * column
        if value is None:
            yield text(left + width / 2, top + ROW / 2 + 4, "·", anchor="middle", class_="axis")
            continue
        bad = _badness(value, known, record.better)
        title = f"{source} → {record.columns[column]}: {readable(value, record.unit)}"
        yield box(left, top, width - GAP, ROW - GAP, "cell", title, f"{DARKEST * bad:.2f}")
        said = short(value / divisor) + (" ▾" if bad == 1 and len({*known}) > 1 else "")
        yield text(left + width / 2, top + ROW / 2 + 4, said, anchor="middle", class_="value")


def _badness(value: float, known: list[float], better: str) -> float:
    """Return 0 for the best of all and 1 for the worst, by the ratio to the best: twice as bad is as bad as it gets."""
    best, worst = (max(known), min(known)) if better == "higher" else (min(known), max(known))
    if value == worst != best:
        return 1.0
    if not (value > 0 and best > 0):
        return 0.0
    return min(0.9, abs(math.log(value / best)) / math.log(2))


def _worst(record: MatrixRecord) -> str:
    cells = [
        (value, f"{source} → {target}")
        for source, row in zip(record.rows, record.values, strict=True)
        for target, value in zip(record.columns, row, strict=True)
        if value is not None
    ]
    return (min(cells) if record.better == "higher" else max(cells))[1]


def _cut(name: str, most: int) -> str:
    return name if len(name) <= most else name[: max(1, most - 1)] + "…"
