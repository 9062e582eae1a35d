"""Converge, then hold: how one expectation is followed through time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping

from pytest_k8snet.errors import AgentLost
from pytest_k8snet.probe.observation import Expectation, Observation, Outcome, Probe
from pytest_k8snet.probe.patience import Patience
from pytest_k8snet.probe.table import Flap, TruthTable

_NAMED = 5

# A round that takes so many times its time-out tells of a machine too busy to answer.
_LATE = 1.5

Observe = Callable[[Collection[Probe], Patience], dict[Probe, Observation]]


class Course:
    """Follows one expectation; to be run once.

    Where the expectation has a time-out of its own, silence is confirmed with that of ``patience`` before it counts.
    ``once``: each cell only has to come true once, not all at the same time, nor to stay so.
    """

    def __init__(self, expectation: Expectation, observe: Observe, patience: Patience, *, once: bool = False) -> None:
        self._expectation = expectation
        self._observe = observe
        self._patience = patience
        self._quick = patience if expectation.timeout is None else patience.at_most(expectation.timeout)
        self._once = once
        self._seen: dict[Probe, Observation] = {}
        self._came_true: dict[Probe, float] = {}
        self._flaps: dict[Probe, Flap] = {}
        self._rounds = 0
        self._started = time.monotonic()
        self._right_since: float | None = None

    def run(self) -> TruthTable:
        """Return the table. Raises AgentLost when some probes could not be made until the end."""
        limit = self._expectation.convergence
        seconds = self._converge(self._started + (self._patience.converge if limit is None else limit))
        self._demand_verdicts(self._seen)
        if seconds is not None and not self._once and not self._has_held(self._started + seconds):
            self._hold()
        flaps = tuple(self._flaps.values())
        return TruthTable(self._expectation, self._seen, seconds, flaps, self._rounds, self._came_true)

    def _converge(self, deadline: float) -> float | None:
        """Ask until one round of the whole table is right; return the seconds to its beginning, None if there is none.

        Between such rounds only what is wrong is asked, and before the first only what is changing. Its coming true is
        not enough: what was right at first may have become wrong meanwhile, and a table of pieces from different times
        proves nothing.
        """
        asked: Collection[Probe] = self._expectation.changing or self._expectation.cells
        glancing = bool(self._expectation.changing)
        while True:
            began = time.monotonic()
            self._seen |= self._ask(asked, self._glance if glancing else self._quick)
            left = deadline - time.monotonic()
            if left <= 0:
                self._seen |= self._at_the_deadline()
            wrong = self._wrong(self._seen)
            self._right_since = None if wrong else self._right_since or began
            self._note_what_came_true(asked, wrong, began - self._started)
            complete = len(self._seen if self._once else asked) == len(self._expectation.cells)
            if not wrong and complete:
                return began - self._started
            if wrong:
                if left <= 0:
                    return None
                time.sleep(min(self._patience.interval, left))
            glancing = glancing and bool(wrong)
            asked = wrong or self._expectation.cells

    def _at_the_deadline(self) -> dict[Probe, Observation]:
        """Ask what was not asked yet, because what is changing was not right, and confirm silence."""
        unseen = [probe for probe in self._expectation.cells if probe not in self._seen]
        seen = self._seen | (self._ask(unseen) if unseen else {})
        return seen | self._confirmed(seen)

    def _note_what_came_true(self, asked: Collection[Probe], wrong: Collection[Probe], seconds: float) -> None:
        for probe in asked:
            self._came_true.setdefault(probe, seconds)
        for probe in wrong:
            self._came_true.pop(probe, None)

    def _confirmed(self, seen: Mapping[Probe, Observation]) -> dict[Probe, Observation]:
        """Ask again, with all patience, what was silent and should have connected; return what is known of it then.

        A server that accepts a connection and then is silent is not cut off, a name that is not resolved says nothing
        of its target, and the silence of a late round may be that of a machine too busy to answer: these are asked
        again for a while.
        """
        known: dict[Probe, Observation] = {}
        if self._expectation.timeout is None:
            return known
        doubtful, deadline = self._doubtful(seen), time.monotonic() + self._patience.agent
        while doubtful:
            began = time.monotonic()
            known |= self._observe(doubtful, self._patience)
            ended = time.monotonic()
            doubtful = self._doubtful(known)
            late = ended - began > _LATE * self._patience.timeout
            if ended >= deadline or not (late or any(map(_tells_nothing, (known[probe] for probe in doubtful)))):
                break
        return known

    def _doubtful(self, seen: Mapping[Probe, Observation]) -> list[Probe]:
        cells = self._expectation.cells
        return [
            probe
            for probe in self._wrong(seen)
            if seen[probe].outcome is Outcome.DNS_FAILURE
            or (seen[probe].outcome is Outcome.TIMEOUT and Outcome.CONNECTED in cells[probe].outcomes)
        ]

    def _has_held(self, complete: float) -> bool:
        """Whether the round of the whole table that began then came a hold time after what is changing was right.

        What is changing was asked twice by then, so far apart; what is not was right in the table before this one.
        """
        changing, since = self._expectation.changing, self._right_since
        return bool(changing) and since is not None and complete - since >= self._hold_seconds

    @property
    def _hold_seconds(self) -> float:
        return max(self._patience.hold, self._expectation.hold)

    def _hold(self) -> None:
        """Ask the whole table again, at least once, until the hold time is over; record what is wrong now."""
        hold = self._hold_seconds
        began = time.monotonic()
        while True:
            seen = self._ask(self._expectation.cells)
            after = time.monotonic() - began
            seen |= self._confirmed(seen)
            seen |= self._insist([probe for probe, saw in seen.items() if saw.outcome is Outcome.PROBE_ERROR])
            self._demand_verdicts(seen)
            for probe, mismatch in self._wrong(seen).items():
                self._flaps.setdefault(probe, Flap(probe, seen[probe], mismatch, after))
            if after >= hold:
                return
            time.sleep(min(self._patience.interval, hold - after))

    def _insist(self, probes: Collection[Probe]) -> dict[Probe, Observation]:
        """Ask again what could not be asked: a lost agent is no flap of the network."""
        seen: dict[Probe, Observation] = {}
        deadline = time.monotonic() + self._patience.agent
        while probes:
            seen |= self._ask(probes)
            probes = [probe for probe in probes if seen[probe].outcome is Outcome.PROBE_ERROR]
            if not probes or time.monotonic() >= deadline:
                break
            time.sleep(self._patience.interval)
        return seen

    def _ask(self, probes: Collection[Probe], patience: Patience | None = None) -> dict[Probe, Observation]:
        self._rounds += 1
        return self._observe(probes, patience or self._quick)

    @property
    def _glance(self) -> Patience:
        """The patience of the next round of what is changing."""
        glance = self._expectation.glance
        return self._quick if glance is None else self._quick.at_most(glance * (self._rounds + 1))

    def _wrong(self, seen: Mapping[Probe, Observation]) -> dict[Probe, str]:
        return self._expectation.wrong(seen)

    def _demand_verdicts(self, seen: Mapping[Probe, Observation]) -> None:
        lost = {probe: saw.detail for probe, saw in seen.items() if saw.outcome is Outcome.PROBE_ERROR}
        if not lost:
            return
        reasons = dict.fromkeys((probe.source, detail) for probe, detail in lost.items())
        raise AgentLost(
            f"no verdict on {self._expectation.title!r}: {len(lost)} of {len(seen)} probes could not be made: "
            + "; ".join(
                f"from {pod.namespace}/{pod.name} on node {pod.node}: {detail}" for pod, detail in [*reasons][:_NAMED]
            )
            + (f"; and {len(reasons) - _NAMED} more" if len(reasons) > _NAMED else ""),
            hint="This says nothing about the network. Do the probe pods still run? See 'kubectl get pods -o wide'.",
        )


def _tells_nothing(seen: Observation) -> bool:
    return seen.handshake or seen.outcome is Outcome.DNS_FAILURE
