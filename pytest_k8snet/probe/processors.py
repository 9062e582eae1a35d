"""How busy the processors of a node were between two looks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FEWEST_TICKS = 5
"""Of a hundredth of a second: a look that is shorter says nothing."""


@dataclass(frozen=True, slots=True)
class Processor:
    """Ticks since the machine was started: ``all``, ``idle``, and in soft ``interrupts``, which receive packets."""

    all: int
    idle: int
    interrupts: int


Processors = Mapping[str, Processor]


@dataclass(frozen=True, slots=True, order=True)
class Busy:
    """Shares of the time, 0 to 1, in which a processor was not idle, and in which it was in soft interrupts."""

    share: float
    interrupts: float


def busiest(before: Processors, after: Processors) -> Busy | None:
    """Return how busy the busiest processor was; None where that is not known, or the time was too short."""
    shares = [_between(before[name], after[name]) for name in after if name in before]
    return max((share for share in shares if share is not None), default=None)


def _between(before: Processor, after: Processor) -> Busy | None:
    passed = after.all - before.all
    if passed < FEWEST_TICKS:
        return None
    # The kernel may take back a tick of idle time that it had counted.
    idle, interrupts = after.idle - before.idle, after.interrupts - before.interrupts
    return Busy(1 - min(max(idle / passed, 0), 1), min(max(interrupts / passed, 0), 1))
