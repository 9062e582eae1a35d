"""How long the prober waits for what."""

from __future__ import annotations

from dataclasses import dataclass, replace

_PROBES_A_SECOND = 500


@dataclass(frozen=True, slots=True)
class Patience:
    """All times in seconds.

    Attributes:
        timeout: for one attempt of one probe.
        attempts: of one probe that meets silence; everything but silence is an answer at once.
        converge: within which a table must come true, where its expectation does not say.
        hold: for which it must then stay true.
        interval: between two questions about the same cells.
        agent: beyond what the probes take, for the answer to come back, a lost stream replaced included.

    """

    timeout: float = 1.0
    attempts: int = 1
    converge: float = 15.0
    hold: float = 1.0
    interval: float = 0.25
    agent: float = 10.0

    def __post_init__(self) -> None:
        if self.timeout <= 0 or self.attempts < 1 or min(self.converge, self.hold, self.interval, self.agent) < 0:
            raise ValueError(f"times must not be negative, and there is at least one attempt: {self}")

    def at_most(self, timeout: float) -> Patience:
        """Return the same with a time-out that is not longer."""
        return replace(self, timeout=min(timeout, self.timeout))

    def for_probes(self, number: int) -> float:
        """Return how long to wait for the answer to a request with so many probes.

        Names and silent servers take one time-out more than the attempts, and a slow machine runs some hundreds of
        probes a second.
        """
        return (self.attempts + 1) * self.timeout + number / _PROBES_A_SECOND + self.agent
