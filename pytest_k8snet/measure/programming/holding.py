"""Waits for a change to take hold, by packets, and tells how long that took.

All by the monotonic clock of this process, from before the request that asks for the change: the times that objects
carry have a resolution of a second, and are those of other machines.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pytest_k8snet.errors import NoVerdict
from pytest_k8snet.measure.observer import Observer
from pytest_k8snet.probe.observation import Observation, Outcome, Probe
from pytest_k8snet.probe.patience import Patience

QUICK = Patience(timeout=0.1, attempts=1)
"""What is dropped is silent so long: the resolution with which the end of silence is seen."""

CONFIRMED = 2
"""So many times in a row a connection must fail before it counts as forbidden: one that is lost may be an accident."""

Seen = Mapping[Probe, Observation]


@dataclass(frozen=True)
class Took:
    """It held at most ``seconds`` after it was asked for, and not yet ``resolution`` seconds earlier."""

    seconds: float
    resolution: float


def until(
    prober: Observer,
    probes: list[Probe],
    holds: Callable[[Seen], bool],
    since: float,
    *,
    patience: float,
    times: int = 1,
) -> Took | None:
    """Ask until it holds so many ``times`` in a row, and return when it held first; None when it did not in time.

    ``since`` is a time of the monotonic clock, ``patience`` in seconds. Raises NoVerdict when a probe cannot be made.
    """
    before, first, row = since, None, 0
    while True:
        began = time.monotonic()
        seen = prober.observe(probes, QUICK)
        now = time.monotonic()
        _demand_made(seen)
        if holds(seen):
            first = first or Took(now - since, now - before)
            row += 1
            if row == times:
                return first
        else:
            before, first, row = began, None, 0
        if first is None and now - since > patience:
            return None


def connects(seen: Seen) -> bool:
    """Whether all connect."""
    return all(one.outcome is Outcome.CONNECTED for one in seen.values())


def forbidden(target: Probe, control: Probe) -> Callable[[Seen], bool]:
    """Return whether the target does not connect while the control, from the same source, does."""
    return lambda seen: seen[target].outcome is not Outcome.CONNECTED and seen[control].outcome is Outcome.CONNECTED


def _demand_made(seen: Seen) -> None:
    for probe, observation in seen.items():
        if observation.outcome is Outcome.PROBE_ERROR:
            raise NoVerdict(f"{probe.source.name} could not ask {probe.column}: {observation.detail}")
