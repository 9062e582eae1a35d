"""What became of a case: a table for each step, equal to the case when all of them came true and held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_k8snet.policy.cases import Case
from pytest_k8snet.policy.questions import Question
from pytest_k8snet.probe.observation import CONNECTS, Outcome, Probe
from pytest_k8snet.probe.table import TruthTable


@dataclass(frozen=True)
class Asked:
    """The table of a step. ``questions`` says of each probe what it asked, in the case's names."""

    table: TruthTable
    questions: Mapping[Probe, Question]

    @property
    def connecting(self) -> frozenset[Question]:
        """What the oracle allows."""
        cells = self.table.expectation.cells
        return frozenset(self.questions[probe] for probe, expected in cells.items() if expected.outcomes == CONNECTS)

    @property
    def blocked(self) -> frozenset[Question]:
        """What the oracle denies."""
        return frozenset(self.questions[probe] for probe in self.table.expectation.cells) - self.connecting

    @property
    def silent(self) -> frozenset[Question]:
        """What should have connected and did not."""
        return frozenset(
            self.questions[probe]
            for probe, expected, seen, _ in self.table.mismatches()
            if Outcome.CONNECTED in expected.outcomes and seen.outcome is not Outcome.CONNECTED
        )

    @property
    def leaks(self) -> frozenset[Question]:
        """What should not have connected and did."""
        return frozenset(
            self.questions[probe]
            for probe, expected, seen, _ in self.table.mismatches()
            if Outcome.CONNECTED not in expected.outcomes and (seen.outcome is Outcome.CONNECTED or seen.handshake)
        )

    @property
    def closed(self) -> frozenset[Question]:
        """What was not seen to connect in the end."""
        seen = self.table.seen
        return frozenset(self.questions[probe] for probe in seen if seen[probe].outcome is not Outcome.CONNECTED)

    def seconds(self, questions: frozenset[Question]) -> float | None:
        """Return when the last of these cells came true; None when there is none or one did not."""
        probes = [probe for probe, question in self.questions.items() if question in questions]
        times = [self.table.came_true.get(probe) for probe in probes]
        known = [time for time in times if time is not None]
        return max(known) if known and len(known) == len(times) else None


@dataclass(frozen=True, eq=False)
class Played:
    """The steps of a case as far as they were played: to the end, or to the first table that was wrong."""

    case: Case
    steps: tuple[Asked, ...]

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Case):
            return NotImplemented
        return other is self.case and len(self.steps) == len(other.steps) and not any(self._wrong())

    def explain(self) -> list[str]:
        """Say in which step what was not as the oracle says; the table itself stands in a section of its own."""
        number = len(self.steps)
        heading = f"{self.case.id}, step {number} of {len(self.case.steps)}: {self.case.steps[number - 1].title}"
        return [heading, *(table.explain()[0] for table in self._wrong())]

    def _wrong(self) -> Iterator[TruthTable]:
        return (asked.table for asked in self.steps if asked.table.mismatches())
