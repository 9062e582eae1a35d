"""What a calibration demands: which checks must fail under which fault, and what must be as before afterwards. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_k8snet.checks import Check
from pytest_k8snet.providers import KnownFault

HEALTHY = "healthy"
UNNAMED = "unnamed-faults"
"""The name of the item that looks for faults that no check names."""

State = Mapping[str, Sequence[str]]
"""Lines that describe each part of the network."""

WITNESSES, BYSTANDERS, FEW, WIDEST = 24, 16, 30, 60

LEGEND = {
    "X": "failed, as it must",
    "!": "failed, and does not name the fault",
    "-": "did not fail, and names the fault",
    "?": "no verdict",
    ".": "passed",
    " ": "skipped, or not in this pass",
}


@dataclass
class Pass:
    """What became of the checks that ran in one pass: ids with any instance that failed, or ended without a verdict."""

    ran: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)


@dataclass
class Turns:
    """How often each check ran so far under a fault that it names, and under one that it does not."""

    witnesses: Counter[str] = field(default_factory=Counter)
    bystanders: Counter[str] = field(default_factory=Counter)


def chosen(fault: str, checks: Collection[Check], turns: Turns) -> set[str]:
    """Return the ids of the checks that run under a fault: all, or where there are very many of them, a share.

    Of those that name it WITNESSES, of the others BYSTANDERS and whole areas of up to FEW. They take turns, and the
    choice is entered. What is measured takes seconds each: it runs under the faults that something measured names.
    """
    if not any(check.level == "performance" and fault in check.catches for check in checks):
        checks = [check for check in checks if check.level != "performance"]
    area = Counter(check.area for check in checks)
    naming = {check.id for check in checks if fault in check.catches}
    of_small_areas = {check.id for check in checks if area[check.area] <= FEW} - naming
    others = {check.id for check in checks} - naming - of_small_areas
    witnesses = _whose_turn(naming, turns.witnesses, WITNESSES)
    return {*witnesses, *_whose_turn(others, turns.bystanders, BYSTANDERS), *of_small_areas}


def _whose_turn(checks: Collection[str], ran: Counter[str], number: int) -> list[str]:
    """Return so many of those that ran least often, and count them."""
    found = sorted(checks, key=lambda check: (ran[check], check))[:number]
    ran.update(found)
    return found


def problems(fault: str, catches: Mapping[str, Sequence[str]], seen: Pass) -> list[str]:
    """Return what is wrong with a pass under a fault (or HEALTHY), in words; nothing when it is as it should be.

    ``catches`` maps the id of each check to the faults that it names.
    """
    intended = {check for check, faults in catches.items() if fault in faults}
    found = [f"{check} ended without a verdict: {why}" for check, why in sorted(seen.errors.items())]
    if fault == HEALTHY:
        found += [f"{check} fails on the healthy cluster" for check in sorted(seen.failed)]
        return found + [f"{check} names no fault that it catches" for check in sorted(catches) if not catches[check]]
    if not intended:
        found.append("no check names this fault in its catches")
    found += [f"{check} should have noticed it and did not fail" for check in sorted(intended - seen.failed)]
    found += [f"{check} failed, but does not name this fault" for check in sorted(seen.failed - intended)]
    return found


def unnamed(known: Iterable[KnownFault], named: Collection[str]) -> tuple[list[str], list[str]]:
    """Return what is wrong, in words, with the faults that no check names, and those that may still be so.

    A layer of which checks name a fault has a suite, and then each of its faults must be named by one. Faults of other
    layers wait for their suites.
    """
    faults = list(known)
    covered = {fault.layer for fault in faults if fault.name in named}
    left = [fault for fault in faults if fault.name not in named]
    wrong = [
        f"no check names {fault.name} in its catches, though there are checks for the layer {fault.layer}"
        for fault in left
        if fault.layer in covered
    ]
    return wrong, [f"{fault.name} ({fault.layer})" for fault in left if fault.layer not in covered]


def left_over(before: State, after: State) -> list[str]:
    """Return what of the network differs, in words: the parts that are there both times, without links that came or
    went with pods.
    """
    found = []
    for place in before.keys() & after.keys():
        old, new = Counter(before[place]), Counter(after[place])
        found += [f"{place}: more than before: {line}" for line in (new - old).elements()]
        found += [f"{place}: less than before: {line}" for line in (old - new).elements()]
    return sorted(found)


def matrix(passes: Mapping[str, Pass], catches: Mapping[str, Sequence[str]]) -> list[str]:
    """Return fault x check as lines for people: a grid for each area, with the faults that concern it.

    The numbers of the checks stand upright above their columns.
    """
    lines: list[str] = []
    for area in sorted({check.partition("-")[0] for check in catches}):
        checks = [check for check in sorted(catches) if check.partition("-")[0] == area]
        rows = {
            fault: [_mark(fault, check, catches[check], seen) for check in checks] for fault, seen in passes.items()
        }
        concerned = {fault: marks for fault, marks in rows.items() if {*marks} - {".", " "}}
        if concerned:
            lines += ["", *(_grid if len(checks) <= WIDEST else _counts)(area, checks, concerned)]
    quiet = [fault for fault, seen in passes.items() if not seen.failed and not seen.errors]
    legend = "   ".join(f"{mark} {meaning}" for mark, meaning in LEGEND.items() if mark != " ")
    return [*lines, "", legend, f"nothing failed: {', '.join(quiet) or 'never'}"]


def _grid(area: str, checks: Sequence[str], rows: Mapping[str, Sequence[str]]) -> Iterator[str]:
    width = max(len(area), *map(len, rows))
    numbers = [check.rpartition("-")[2] for check in checks]
    for height, digits in enumerate(zip(*numbers, strict=True)):
        yield f"{area if height == 0 else '':<{width}}  {' '.join(digits)}"
    for fault, marks in rows.items():
        yield f"{fault:<{width}}  {' '.join(marks)}".rstrip()


def _counts(area: str, checks: Sequence[str], rows: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield, for an area with too many checks for a grid, how many ended how; those that are wrong by name."""
    width = max(len(area), *map(len, rows))
    yield area
    for fault, marks in rows.items():
        number = Counter(marks)
        wrong = [f"{check} {mark}" for check, mark in zip(checks, marks, strict=True) if mark in "!-?"]
        yield f"{fault:<{width}}  {number['X']} X  {number['.']} .  {' '.join(wrong)}".rstrip()


def _mark(fault: str, check: str, faults: Sequence[str], seen: Pass) -> str:
    if check in seen.errors:
        return "?"
    if check in seen.failed:
        return "X" if fault in faults else "!"
    if fault in faults and check in seen.ran:
        return "-"
    return "." if check in seen.passed else " "
