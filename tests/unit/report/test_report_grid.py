"""A truth table laid out as a grid."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from pytest_k8snet.report.grid import Mark, grid_of
from pytest_k8snet.report.record import CellRecord, SeenRecord, TableRecord

MakeTable = Callable[..., TableRecord]


def _blocked(cell: CellRecord) -> CellRecord:
    return dataclasses.replace(cell, seen=SeenRecord("refused", 0.5))


def test_sources_go_down_and_targets_across_in_the_order_of_the_table(make_table: MakeTable) -> None:
    grid = grid_of(make_table(3))

    assert [row.pod for row in grid.rows] == ["probe-0", "probe-1", "probe-2"]
    assert grid.columns == ("probe-0", "probe-1", "probe-2")
    assert len(grid.squares) == 9


def test_a_wrong_cell_is_marked_where_it_is(make_table: MakeTable) -> None:
    grid = grid_of(make_table(3, wrong={(0, 2)}))

    wrong = [pair for pair, square in grid.squares.items() if square.mark is Mark.WRONG]
    assert wrong == [("probe-0", "probe-2")]


def test_one_wrong_port_marks_the_square_of_all_ports(make_table: MakeTable) -> None:
    table = make_table(2, ports=(80, 81))
    wrong = dataclasses.replace(table.cells[0], ok=False)
    table = dataclasses.replace(table, cells=[wrong, *table.cells[1:]])

    assert grid_of(table).squares["probe-0", "probe-0"].mark is Mark.WRONG


def test_connected_rejected_and_mixed_squares_are_told_apart(make_table: MakeTable) -> None:
    blocked = {("probe-0", 80), ("probe-0", 81), ("probe-1", 81)}
    cells = [
        _blocked(cell) if (cell.source.pod, cell.port) in blocked else cell
        for cell in make_table(3, ports=(80, 81)).cells
    ]
    grid = grid_of(TableRecord("policy", True, cells))

    assert grid.squares["probe-0", "probe-1"].mark is Mark.REJECTED
    assert grid.squares["probe-1", "probe-1"].mark is Mark.MIXED
    assert grid.squares["probe-2", "probe-1"].mark is Mark.CONNECTED
    assert grid.marks == [Mark.CONNECTED, Mark.REJECTED, Mark.MIXED]


def test_a_pair_that_was_not_asked_has_no_square(make_table: MakeTable) -> None:
    table = make_table(2)
    grid = grid_of(dataclasses.replace(table, cells=table.cells[1:]))
    asked = {row.pod: row for row in grid.rows}

    assert grid.square(asked["probe-0"], "probe-0") is None
    assert grid.square(asked["probe-1"], "probe-0") is not None


def test_a_table_too_large_to_read_shows_only_what_is_wrong(make_table: MakeTable) -> None:
    grid = grid_of(make_table(6, wrong={(1, 4), (1, 5)}), largest=5)

    assert [row.pod for row in grid.rows] == ["probe-1"]
    assert grid.columns == ("probe-4", "probe-5")
    assert grid.left_out == (5, 4)


def test_a_large_table_without_a_wrong_cell_shows_no_grid(make_table: MakeTable) -> None:
    grid = grid_of(make_table(6), largest=5)

    assert not grid.rows
    assert grid.left_out == (6, 6)
