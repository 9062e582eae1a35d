"""How quick a cluster is: how soon it answers, and how soon it follows a change of policies."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from pytest_k8snet.probe.observation import Expectation, Outcome, Probe
from pytest_k8snet.probe.table import TruthTable

# A probe counts as silent after so many times what the slowest answer took of late. What was slow once is forgotten by
# halves, table by table: a machine is busiest when the arenas are made.
QUICKEST_SECONDS, SLACK = 0.2, 2.0
# What must stay as it is is watched for so many times what the slowest of the last changes took. While none was seen
# to come true it is so many times the profile's hold.
CHANGES, LONGER, UNKNOWN = 5, 2.0, 10


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
        changing = table.expectation.changing
        if changing and changing <= table.came_true.keys():
            self._changes.append(max(table.came_true[probe] for probe in changing))

    def given_to(self, expectation: Expectation, changing: Iterable[Probe]) -> Expectation:
        """Return what is expected with the time-outs that suffice here. ``changing`` was otherwise a moment ago."""
        return replace(expectation, timeout=self.timeout, glance=self.glance, changing=frozenset(changing))

    @property
    def timeout(self) -> float:
        """The seconds after which a probe is silent."""
        return max(QUICKEST_SECONDS, SLACK * self._slowest)

    @property
    def glance(self) -> float:
        """The seconds after which a probe that will be asked again is silent for now."""
        return max(QUICKEST_SECONDS, self._slowest)

    @property
    def hold(self) -> float:
        """The seconds for which a table must stay right that policies have not changed.

        It is right at once, also where the policies are not in force yet: only what comes after that tells. A change
        that is seen at the first glance may have come during it.
        """
        return max(self._hold, self.glance, LONGER * max(self._changes)) if self._changes else UNKNOWN * self._hold
