"""A truth table as a grid: sources down, targets across, one mark where they meet. No HTML."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass

from pytest_k8snet.report.record import CellRecord, PodRecord, TableRecord

LARGEST = 40  # rows or columns that a person can still read


class Mark(enum.StrEnum):
    """What a square shows, and the sign for it. Wrong beats everything else."""

    WRONG = "✗"
    CONNECTED = "✓"
    REJECTED = "⊘"
    MIXED = "◐"

    @property
    def meaning(self) -> str:
        """The mark in words, for the legend."""
        return MEANINGS[self]


MEANINGS = {
    Mark.WRONG: "not as expected",
    Mark.CONNECTED: "connected, as expected",
    Mark.REJECTED: "not connected, as expected",
    Mark.MIXED: "some ports connected, others not, all as expected",
}


@dataclass(frozen=True, slots=True)
class Square:
    """The probes from one source to one column; there are several with several ports, protocols or families."""

    cells: tuple[CellRecord, ...]

    @property
    def mark(self) -> Mark:
        """The worst of the cells."""
        if not all(cell.ok for cell in self.cells):
            return Mark.WRONG
        connected = [cell.seen.outcome == "connected" for cell in self.cells]
        if all(connected):
            return Mark.CONNECTED
        return Mark.MIXED if any(connected) else Mark.REJECTED


@dataclass(frozen=True)
class Grid:
    """Rows are sources, columns are named; a pair that was not probed has no square.

    ``left_out`` counts rows and columns that are not shown because all in them is as expected, or for want of room.
    """

    rows: tuple[PodRecord, ...]
    columns: tuple[str, ...]
    squares: dict[tuple[str, str], Square]
    left_out: tuple[int, int] = (0, 0)

    def square(self, row: PodRecord, column: str) -> Square | None:
        """Return what is known of a pair."""
        return self.squares.get((row.pod, column))

    @property
    def marks(self) -> list[Mark]:
        """The marks that occur, in the order of the legend."""
        found = {square.mark for square in self.squares.values()}
        return [mark for mark in Mark if mark in found]


def grid_of(table: TableRecord, largest: int = LARGEST) -> Grid:
    """Lay out a table in the order of its cells. One that is too large shows only what has a wrong cell."""
    rows = {cell.source.pod: cell.source for cell in table.cells}
    columns = list(dict.fromkeys(cell.column for cell in table.cells))
    shown_rows, shown_columns = list(rows), columns
    if max(len(rows), len(columns)) > largest:
        shown_rows = _among(rows, {cell.source.pod for cell in table.wrong})[:largest]
        shown_columns = _among(columns, {cell.column for cell in table.wrong})[:largest]
    return Grid(
        rows=tuple(rows[pod] for pod in shown_rows),
        columns=tuple(shown_columns),
        squares=_squares(table, set(shown_rows), set(shown_columns)),
        left_out=(len(rows) - len(shown_rows), len(columns) - len(shown_columns)),
    )


def _among(names: Collection[str], wanted: set[str]) -> list[str]:
    return [name for name in names if name in wanted]


def _squares(table: TableRecord, rows: set[str], columns: set[str]) -> dict[tuple[str, str], Square]:
    cells: dict[tuple[str, str], list[CellRecord]] = {}
    for cell in table.cells:
        if cell.source.pod in rows and cell.column in columns:
            cells.setdefault((cell.source.pod, cell.column), []).append(cell)
    return {pair: Square(tuple(found)) for pair, found in cells.items()}
