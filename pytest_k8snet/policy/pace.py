"""How quick a cluster is: how soon it answers, and how soon it follows a change of policies."""

from __future__ import annotations

from collections import deque

from pytest_k8snet.probe.observation import Outcome
from pytest_k8snet.probe.table import TruthTable

# A probe counts as silent after so many times what the slowest answer took of late. What was slow once is forgotten by
# halves, table by table: a machine is busiest when the arenas are made.
QUICKEST_SECONDS, SLACK = 0.2, 3.0
CHANGES = 5
# While no change was seen to come true, what must stay as it is is watched for so many times the profile's hold.
UNKNOWN = 10


class Pace:
    """Learns from tables, one after the other."""

    def __init__(self, hold: float) -> None:
        self._hold = hold
        self.forget()

    def forget(self) -> None:
        """Begin anew, for other pods."""
        self._slowest = 0.0
        self._changes = deque[float](maxlen=CHANGES)

    def note(self, table: TruthTable) -> None:
        """Learn from a table."""
        answers = [seen.millis / 1000 for seen in table.seen.values() if seen.outcome is Outcome.CONNECTED]
        if answers:
            self._slowest = max(*answers, self._slowest / 2)
        if table.expectation.changing and table.seconds_to_converge is not None:
            self._changes.append(table.seconds_to_converge)

    @property
    def timeout(self) -> float:
        """The seconds after which a probe is silent."""
        return max(QUICKEST_SECONDS, SLACK * self._slowest)

    @property
    def hold(self) -> float:
        """The seconds for which a table must stay right that policies have not changed.

        It is right at once, also where the policies are not in force yet: only what comes after that tells.
        """
        return max(self._hold, *self._changes) if self._changes else UNKNOWN * self._hold
