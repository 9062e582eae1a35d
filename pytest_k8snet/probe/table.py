"""The truth table: what was seen beside what was expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_k8snet.probe.explain import explain
from pytest_k8snet.probe.observation import Expectation, Expected, Observation, Probe

Mismatch = tuple[Probe, Expected, Observation, str]
LISTED = 250


@dataclass(frozen=True, slots=True)
class Flap:
    """A cell that had come true and then, ``after`` seconds into the hold time, was wrong."""

    probe: Probe
    seen: Observation
    mismatch: str
    after: float


@dataclass(frozen=True, eq=False)
class TruthTable:
    """Equal to its expectation when every cell came true and stayed so.

    ``seconds_to_converge`` counts to the beginning of the round that was right as a whole, None when there was none;
    ``came_true`` to the beginning of the round from which on a cell was right.
    """

    expectation: Expectation
    seen: Mapping[Probe, Observation]
    seconds_to_converge: float | None
    flaps: tuple[Flap, ...] = ()
    rounds: int = 1
    came_true: Mapping[Probe, float] = field(default_factory=dict)

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Expectation):
            return NotImplemented
        return (other is self.expectation or other == self.expectation) and not self.mismatches()

    def mismatches(self) -> list[Mismatch]:
        """Return the wrong cells, each with what is wrong in words; those that only flapped after the others."""
        cells = self.expectation.cells
        reasons = self.expectation.wrong(self.seen)
        wrong = [(probe, cells[probe], self.seen[probe], reason) for probe, reason in reasons.items()]
        flapped = [(flap.probe, cells[flap.probe], flap.seen, f"flapped: {flap.mismatch}") for flap in self.flaps]
        return wrong + flapped

    def explain(self) -> list[str]:
        """Return the table for people: a sentence, a grid with the wrong cells marked, and each of these in full."""
        return explain(self.expectation, self.mismatches(), self._course())

    def as_record(self) -> dict[str, Any]:
        """Return the table as dicts, lists and basic values, in the shape of the report's TableRecord.

        Of more than LISTED cells only the wrong ones are listed: hundreds of tables of hundreds of cells are no report.
        """
        cells = self.expectation.cells
        wrong = self.expectation.wrong(self.seen)
        listed = list(cells) if len(cells) <= LISTED else list(dict.fromkeys(probe for probe, *_ in self.mismatches()))
        return {
            "title": self.expectation.title,
            "ok": not self.mismatches(),
            "seconds_to_converge": self.seconds_to_converge,
            "rounds": self.rounds,
            "flaps": [
                f"{flap.probe.source.name} -> {flap.probe.column} {flap.probe.protocol}: {flap.mismatch}, "
                f"{flap.after:.2f} s into the hold time ({flap.seen.detail or flap.seen.outcome})"
                for flap in self.flaps
            ],
            "cells": [_cell(probe, cells[probe], self.seen[probe], wrong.get(probe, "")) for probe in listed[:LISTED]],
            "unlisted": len(cells) - len(listed[:LISTED]),
            "notes": list(self.expectation.notes),
        }

    def _course(self) -> str:
        if self.seconds_to_converge is None:
            return f"It did not come true within the deadline, in {self.rounds} rounds of probes."
        held = "did not hold" if self.flaps else "held"
        return f"It came true after {self.seconds_to_converge:.2f} s and {held}, in {self.rounds} rounds of probes."


def _cell(probe: Probe, expected: Expected, seen: Observation, mismatch: str) -> dict[str, Any]:
    return {
        "source": {"pod": probe.source.name, "node": probe.source.node, "addresses": list(probe.source.addresses)},
        "column": probe.column,
        "address": probe.address,
        "port": probe.port,
        "protocol": probe.protocol.value,
        "family": probe.family.value,
        "expected": {
            "outcomes": sorted(outcome.value for outcome in expected.outcomes),
            "server": expected.answered_by,
            "source": expected.source,
            "because": expected.because,
        },
        "seen": {
            "outcome": seen.outcome.value,
            "millis": seen.millis,
            "attempts": seen.attempts,
            "detail": expected.evidence(seen),
            "server": seen.server.pod if seen.server else "",
            "source": seen.server.source if seen.server else "",
            "replied_from": seen.replied_from,
            "path_mtu": seen.path_mtu,
        },
        "ok": not mismatch,
        "mismatch": mismatch,
    }
