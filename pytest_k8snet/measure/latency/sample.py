"""What one agent measured of one path in one round. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from pytest_k8snet.errors import AgentLost, MeasurementError
from pytest_k8snet.measure.latency import histogram as histograms
from pytest_k8snet.measure.latency.histogram import Histogram

MOST_VOID = 0.2
"""With a larger part of times during which the agent had no processor, the rest is no measurement of the network."""

POINTS = [*range(1, 100), 99.5, 99.9]
MILLISECOND = 1e6


@dataclass(frozen=True)
class Sample:
    """What came of ``sent`` requests: the times of those that were answered, and what became of the others.

    ``lost`` had no answer within ``timeout`` seconds, ``void`` had one while the agent waited for its processor,
    ``errors`` counts the rest by its name. ``rate`` were sent in a second; ``late`` is by how many seconds the latest
    was sent after it was due; ``waited`` are the seconds that the agent waited for its processor.
    """

    growth: float
    buckets: tuple[tuple[int, int], ...]
    sent: int
    lost: int
    void: int
    errors: Mapping[str, int]
    rate: float
    late: float
    waited: float
    timeout: float = 0.0

    @classmethod
    def read(cls, answer: Mapping[str, Any], timeout: float) -> Sample:
        """Read an agent's answer. Raises AgentLost when it is none."""
        try:
            return msgspec.convert({**answer, "timeout": timeout}, cls)
        except msgspec.ValidationError as error:
            raise AgentLost(f"the agent's measurement cannot be read: {error}") from error

    @property
    def histogram(self) -> Histogram:
        """The times in nanoseconds."""
        return Histogram(self.growth, self.buckets)

    def percentile(self, percent: float) -> float:
        """Return a percentile in milliseconds, of what was not void; the time-out where it is among what was lost.

        Raises:
            MeasurementError: nothing was answered, requests failed, or the agent was too often without its processor.

        """
        if self.errors:
            told = ", ".join(f"{number} {name}" for name, number in self.errors.items())
            raise MeasurementError(f"of {self.sent} requests {told}")
        if self.lost == self.sent:
            raise MeasurementError(f"none of {self.sent} requests was answered within {self.timeout:g} s")
        if self.void > MOST_VOID * self.sent:
            raise MeasurementError(
                f"during {self.void} of {self.sent} requests the agent waited for its processor: "
                f"{self.waited * 1000:.0f} ms in all, which is no time of the network",
                hint="Measure while nothing else loads the nodes, or without a CPU limit on probe pods.",
            )
        found = self.histogram.percentile(percent, beyond=self.lost)
        return self.timeout * 1000 if math.isinf(found) else found / MILLISECOND


def merged(samples: Iterable[Sample]) -> Sample:
    """Return what several samples are together. Raises ValueError for none."""
    parts = list(samples)
    if not parts:
        raise ValueError("nothing was measured")
    histogram = histograms.merged(part.histogram for part in parts)
    errors: dict[str, int] = {}
    for part in parts:
        for name, number in part.errors.items():
            errors[name] = errors.get(name, 0) + number
    return Sample(
        histogram.growth,
        histogram.buckets,
        sent=sum(part.sent for part in parts),
        lost=sum(part.lost for part in parts),
        void=sum(part.void for part in parts),
        errors=errors,
        rate=min(part.rate for part in parts),
        late=max(part.late for part in parts),
        waited=sum(part.waited for part in parts),
        timeout=parts[0].timeout,
    )


def distribution(sample: Sample) -> list[tuple[float, float]]:
    """Return points (milliseconds, share that took at most as long) of what was answered, none without answers."""
    histogram = sample.histogram
    if not histogram.count:
        return []
    answered = histogram.count / (histogram.count + sample.lost)
    return [(histogram.percentile(percent) / MILLISECOND, percent / 100 * answered) for percent in POINTS]
