"""What changed since a former run, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_k8snet.report.compared import ChangeRecord, ComparedRecord
from pytest_k8snet.report.digest import when

Line = tuple[str, str]
"""Text, and its colour or ""."""

COLOURS = {"worse": "red", "better": "green", "undecided": "yellow", "same": ""}


def compared_lines(compared: ComparedRecord) -> Iterator[Line]:
    """Yield the lines, the headline first."""
    yield f"compared with run {compared.run_id or '?'} of {when(compared.started)}", ""
    yield from ((f"  not the same: {text}", "yellow") for text in compared.differing)
    yield from ((f"  new failure  {name}", "red") for name in compared.new_failures)
    yield from ((f"  fixed        {name}", "green") for name in compared.fixed)
    order = list(COLOURS)
    for one in sorted(compared.measured, key=lambda one: (order.index(one.verdict), one.check, one.name)):
        yield f"  {one.verdict:<11}  {one.check}  {one.name}: {changed(one)}", COLOURS[one.verdict]
    if not (compared.new_failures or compared.fixed or compared.measured):
        yield "  nothing that both runs have is different", ""


def changed(one: ChangeRecord) -> str:
    """Return a change in words."""
    interval = f"{one.confidence * 100:g} % interval {100 * (one.low - 1):+.1f} to {100 * (one.high - 1):+.1f} %"
    return f"{one.now:.3f} of the baseline, was {one.before:.3f} ({100 * (one.change - 1):+.1f} %, {interval})"
