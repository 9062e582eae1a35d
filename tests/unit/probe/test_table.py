"""Truth tables: what they are equal to and how they explain themselves."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.probe.explain import CONNECTED, MIXED, NOT_ASKED, REJECTED, WRONG, grid, in_common, mark
from pytest_k8snet.probe.observation import (
    CONNECTS,
    Expectation,
    Expected,
    Observation,
    Outcome,
    Pod,
    Probe,
    Protocol,
)
from pytest_k8snet.probe.observation import (
    REJECTED as REJECTS,
)
from pytest_k8snet.probe.table import Flap, TruthTable
from pytest_k8snet.report.record import TableRecord

See = Callable[[Probe, Expected], Observation]
SILENT = Observation(Outcome.TIMEOUT, 1000.4, attempts=2, detail="no answer to the handshake")


@pytest.fixture
def seen(mesh: Expectation, as_expected: See) -> dict[Probe, Observation]:
    return {probe: as_expected(probe, expected) for probe, expected in mesh.cells.items()}


def test_a_table_equals_its_expectation_when_every_cell_came_true(
    mesh: Expectation, seen: dict[Probe, Observation]
) -> None:
    assert TruthTable(mesh, seen, 0.5) == mesh
    assert TruthTable(mesh, seen, 0.5) == Expectation("mesh", dict(mesh.cells))


def test_a_table_does_not_equal_another_expectation(mesh: Expectation, seen: dict[Probe, Observation]) -> None:
    assert TruthTable(mesh, seen, 0.5) != Expectation("another", {})


def test_one_wrong_cell_makes_a_table_unequal(mesh: Expectation, seen: dict[Probe, Observation]) -> None:
    victim = next(iter(seen))
    assert TruthTable(mesh, seen | {victim: SILENT}, None) != mesh


def test_tables_cannot_be_hashed(mesh: Expectation, seen: dict[Probe, Observation]) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(TruthTable(mesh, seen, 0.5))


def test_the_explanation_shows_count_grid_and_the_cell_in_full(
    mesh: Expectation, seen: dict[Probe, Observation]
) -> None:
    victim = next(probe for probe in seen if probe.source.name == "pod-1" and probe.column == "pod-2")
    text = TruthTable(mesh, seen | {victim: SILENT}, None, rounds=4).explain()
    assert text[0] == "1 of 21 cells differ (mesh)"
    assert text[3:7] == [
        "       pod-1  pod-2  pod-3",
        "pod-1    .      X      +",
        "pod-2    .      .      +",
        "pod-3    .      .      +",
    ]
    assert "pod-1 (node node-2, 10.0.0.1 fd00::1) -> pod-2 10.0.0.2:80/tcp (node node-1)" in text
    assert "  wrong:    timeout instead of connected" in text
    assert "  expected: connected, answered by pod-2" in text
    assert "  seen:     timeout after 1000 ms; 2 attempts; no answer to the handshake" in text


def test_the_explanation_names_what_the_wrong_cells_have_in_common(
    mesh: Expectation, seen: dict[Probe, Observation]
) -> None:
    wrong = {probe: SILENT for probe in seen if probe.protocol is Protocol.UDP and probe.source.node == "node-2"}
    text = "\n".join(TruthTable(mesh, seen | wrong, None).explain())
    assert "have in common: source node node-2, protocol udp" in text


def test_the_explanation_is_capped(mesh: Expectation, seen: dict[Probe, Observation]) -> None:
    table = TruthTable(mesh, dict.fromkeys(seen, SILENT), None)
    assert len([line for line in table.explain() if line.startswith("  wrong:")]) == 12
    assert table.explain()[-1] == "... and 6 more"


def test_a_flap_is_explained(mesh: Expectation, seen: dict[Probe, Observation]) -> None:
    victim = next(iter(seen))
    table = TruthTable(mesh, seen, 0.0, (Flap(victim, SILENT, "timeout instead of connected", 0.25),), 5)
    text = "\n".join(table.explain())
    assert "1 of 21 cells differ" in text
    assert "came true after 0.00 s and did not hold, in 5 rounds" in text
    assert "wrong:    flapped: timeout instead of connected" in text


@pytest.mark.parametrize("converged", [None, 0.25])
def test_the_record_is_what_reports_read(
    mesh: Expectation, seen: dict[Probe, Observation], converged: float | None
) -> None:
    victim = next(iter(seen))
    changed = seen if converged else seen | {victim: SILENT}
    record = TruthTable(mesh, changed, converged, rounds=3).as_record()
    read = TableRecord.from_basic(record)
    assert (read.ok, read.seconds_to_converge, read.rounds, len(read.cells)) == (bool(converged), converged, 3, 21)
    assert msgspec.to_builtins(read) == record


def test_a_large_grid_shows_only_rows_and_columns_with_something_wrong(
    make_pod: Callable[[int], Pod], make_probe: Callable[..., Probe]
) -> None:
    many = [make_pod(number) for number in range(1, 31)]
    cells = {make_probe(a, b): Expected(CONNECTS) for a in many for b in many}
    wrong = {make_probe(many[4], many[7]), make_probe(many[4], many[8])}
    assert grid(cells, wrong) == [
        "       pod-8  pod-9",
        "pod-5    X      X",
        "not shown: 29 of 30 rows, 28 of 30 columns",
        grid(cells, wrong)[-1],
    ]


def test_columns_get_numbers_when_their_names_are_too_long(pods: list[Pod], make_probe: Callable[..., Probe]) -> None:
    cells = {
        Probe(pods[0], "10.0.0.9", 80, Protocol.TCP, f"{'long-name-' * 3}{n}"): Expected(CONNECTS) for n in range(12)
    }
    head, row, columns, _ = grid(cells, set())
    assert head.split() == [str(number) for number in range(1, 13)]
    assert row.split() == ["pod-1", *(["."] * 12)]
    assert columns.startswith("columns: 1 long-name-long-name-long-name-0, 2 ")


def test_pods_of_one_name_are_told_apart_by_their_namespaces(make_probe: Callable[..., Probe], pods: list[Pod]) -> None:
    twins = [Pod("x", "a", "node-1"), Pod("y", "a", "node-1")]
    lines = grid({make_probe(twin, pods[0]): Expected(CONNECTS) for twin in twins}, set())
    assert [line.split()[0] for line in lines[1:3]] == ["x/a", "y/a"]


def test_one_wrong_cell_has_nothing_in_common(mesh: Expectation) -> None:
    assert in_common(mesh.cells, {next(iter(mesh.cells))}) == []


EITHER = st.sampled_from([CONNECTS, REJECTS])


@given(st.lists(st.tuples(EITHER, st.booleans()), max_size=6))
def test_the_mark_is_the_worst_of_a_square(asked: list[tuple[frozenset[Outcome], bool]]) -> None:
    source = Pod("ns", "a", "node-1", ("10.0.0.1",))
    cells = [
        (Probe(source, "10.0.0.2", port, Protocol.TCP, "b"), Expected(outcomes))
        for port, (outcomes, _) in enumerate(asked, 1)
    ]
    wrong = {probe for (probe, _), (_, is_wrong) in zip(cells, asked, strict=True) if is_wrong}
    shown = mark(cells, wrong)
    outcomes = {expected.outcomes for _, expected in cells}
    assert (shown == NOT_ASKED) == (not cells)
    assert (shown == WRONG) == bool(wrong)
    if shown in (CONNECTED, REJECTED, MIXED):
        assert {CONNECTED: {CONNECTS}, REJECTED: {REJECTS}, MIXED: {CONNECTS, REJECTS}}[shown] == outcomes
