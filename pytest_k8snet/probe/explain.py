"""A truth table that went wrong, in plain text for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from pytest_k8snet.probe.observation import Expectation, Expected, Observation, Outcome, Pod, Probe

Mismatch = tuple[Probe, Expected, Observation, str]
T = TypeVar("T")

WRONG, CONNECTED, REJECTED, MIXED, NOT_ASKED = "X", ".", "-", "+", " "
LEGEND = "X wrong   . connected, as expected   - not connected, as expected   + some of several, as expected"

_LARGEST = 20  # rows or columns
_WIDEST = 100  # characters, beyond which columns get numbers instead of names
_IN_FULL = 12  # wrong cells


def explain(expectation: Expectation, mismatches: Sequence[Mismatch], course: str) -> list[str]:
    """Return the lines: how many differ, the grid, what they have in common, and the first dozen in full."""
    wrong = {probe for probe, *_ in mismatches}
    lines = [f"{len(wrong)} of {len(expectation.cells)} cells differ ({expectation.title})", course, ""]
    lines += [*grid(expectation.cells, wrong), "", *in_common(expectation.cells, wrong)]
    nodes = {address: probe.source.node for probe in expectation.cells for address in probe.source.addresses}
    for mismatch in mismatches[:_IN_FULL]:
        lines += _in_full(mismatch, nodes)
    if len(mismatches) > _IN_FULL:
        lines.append(f"... and {len(mismatches) - _IN_FULL} more")
    return lines + [f"note: {note}" for note in expectation.notes]


def grid(cells: Mapping[Probe, Expected], wrong: Collection[Probe]) -> list[str]:
    """Return the grid: sources down, columns across. A large one shows only where something is wrong."""
    pairs: dict[tuple[Pod, str], list[tuple[Probe, Expected]]] = {}
    for probe, expected in cells.items():
        pairs.setdefault((probe.source, probe.column), []).append((probe, expected))
    every_row, every_column = list(dict.fromkeys(p for p, _ in pairs)), list(dict.fromkeys(c for _, c in pairs))
    rows = _shown(every_row, {probe.source for probe in wrong})
    columns = _shown(every_column, {probe.column for probe in wrong})
    names = _row_names(rows)
    margin = max((len(name) for name in names), default=0)
    heads = _heads(columns, margin)
    lines = [" " * margin + "".join(f"  {head}" for head in heads)]
    for row, name in zip(rows, names, strict=True):
        marks = [mark(pairs.get((row, column), ()), wrong) for column in columns]
        squares = (f"  {sign:^{len(head)}}" for sign, head in zip(marks, heads, strict=True))
        lines.append(f"{name:<{margin}}{''.join(squares)}".rstrip())
    if heads != columns:
        lines.append("columns: " + ", ".join(f"{number} {name}" for number, name in enumerate(columns, 1)))
    if (hidden := (len(every_row) - len(rows), len(every_column) - len(columns))) != (0, 0):
        lines.append(f"not shown: {hidden[0]} of {len(every_row)} rows, {hidden[1]} of {len(every_column)} columns")
    return [*lines, LEGEND]


def mark(cells: Iterable[tuple[Probe, Expected]], wrong: Collection[Probe]) -> str:
    """Return the mark of all probes from one source to one column: the worst of theirs."""
    asked = list(cells)
    if not asked:
        return NOT_ASKED
    if any(probe in wrong for probe, _ in asked):
        return WRONG
    connecting = [Outcome.CONNECTED in expected.outcomes for _, expected in asked]
    if all(connecting):
        return CONNECTED
    return MIXED if any(connecting) else REJECTED


def in_common(cells: Collection[Probe], wrong: Collection[Probe]) -> list[str]:
    """Return, in at most one line, what all wrong cells share and not all cells do: often that names the defect."""
    if len(wrong) < 2:
        return []
    shared = []
    traits = [_traits(probe) for probe in cells]
    for name, value in _traits(next(iter(wrong))).items():
        of_wrong = {_traits(probe)[name] for probe in wrong}
        if len(of_wrong) == 1 and len({trait[name] for trait in traits}) > 1:
            shared.append(f"{name} {value}")
    return [f"all {len(wrong)} have in common: {', '.join(shared)}", ""] if shared else []


def _traits(probe: Probe) -> dict[str, str]:
    return {
        "source": probe.source.name,
        "source node": probe.source.node,
        "column": probe.column,
        "protocol": probe.protocol,
        "family": probe.family,
        "port": str(probe.port),
        "size": str(probe.size),
    }


def _in_full(mismatch: Mismatch, nodes: Mapping[str, str]) -> list[str]:
    probe, expected, seen, reason = mismatch
    source = probe.source
    on = probe.target_node or nodes.get(probe.address, "")
    node = f" (node {on})" if on else ""
    size = f", {probe.size} bytes{' with DF' if probe.dont_fragment else ''}" if probe.size else ""
    wanted = " or ".join(sorted(expected.outcomes))
    if Outcome.CONNECTED in expected.outcomes:
        wanted += f", answered by {expected.answered_by}" if expected.answered_by else ""
        wanted += f", seen as {expected.source}" if expected.source else ""
    because = f", because {expected.because}" if expected.because else ""
    return [
        f"{source.name} (node {source.node}, {' '.join(source.addresses)}) -> {probe.column} "
        f"{_endpoint(probe)}/{probe.protocol}{size}{node}",
        f"  wrong:    {reason}",
        f"  expected: {wanted}{because}",
        f"  seen:     {_seen(seen, expected.evidence(seen))}",
    ]


def _seen(seen: Observation, evidence: str) -> str:
    parts = [f"{seen.outcome} after {seen.millis:.0f} ms"]
    if seen.attempts > 1:
        parts.append(f"{seen.attempts} attempts")
    if seen.server is not None:
        who = f"{seen.server.namespace}/{seen.server.pod}".lstrip("/")
        parts.append(f"answered by {who} on node {seen.server.node}, which saw {seen.server.source}")
    if seen.resolved:
        parts.append(f"the name resolved to {seen.resolved}")
    if evidence:
        parts.append(evidence)
    return "; ".join(parts)


def _endpoint(probe: Probe) -> str:
    if not probe.port:
        return probe.address
    return f"[{probe.address}]:{probe.port}" if ":" in probe.address else f"{probe.address}:{probe.port}"


def _shown(names: list[T], with_wrong: Collection[T]) -> list[T]:
    return names if len(names) <= _LARGEST else [name for name in names if name in with_wrong][:_LARGEST]


def _row_names(rows: Sequence[Pod]) -> list[str]:
    """Return the pods' names, with their namespaces where a name occurs twice."""
    times = Counter(row.name for row in rows)
    return [row.name if times[row.name] == 1 else f"{row.namespace}/{row.name}" for row in rows]


def _heads(columns: list[str], margin: int) -> list[str]:
    if margin + sum(len(name) + 2 for name in columns) <= _WIDEST:
        return columns
    width = len(str(len(columns)))
    return [f"{number:>{width}}" for number in range(1, len(columns) + 1)]
