"""New connections per second of the paths between pods, beside those between nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.latency.paths import Path
from pytest_k8snet.measure.verdict import Limit
from pytest_k8snet.probe.prober import Prober

AT_ONCE = 4
MOST = 300
"""Connections in one measurement. The whole of a run stays far below what a host tracks (65,536 at the least, usually
131,072), and entries of connections that were reset are gone after ten seconds.
"""

RATE_LIMIT = Limit(0.33, "higher")
"""Single rounds of so few connections differ by half and more where nodes share processors."""

BUSY = 0.9
"""With a larger part of the time spent computing, the agent is what the rate is limited by."""


@dataclass
class Connecting:
    """Opens connections along a path; ``answers`` are what the agent told, in the order of the rounds."""

    path: Path
    answers: list[Mapping[str, Any]] = field(default_factory=list)

    def rate(self, prober: Prober, seconds: float) -> float:
        """Return how many connections were opened in a second. Raises MeasurementError when one was not."""
        probe = {"address": self.path.address, "port": self.path.port, "protocol": "tcp"}
        request = {"op": "connection_rate", "probe": probe, "seconds": seconds, "at_once": AT_ONCE, "most": MOST}
        answer = prober.ask(self.path.source, request, again=False)
        self.answers.append(answer)
        if answer["errors"]:
            told = ", ".join(f"{number} {name}" for name, number in answer["errors"].items())
            raise MeasurementError(f"{self.path.name}: beside {answer['opened']} connections {told}")
        if not answer["opened"]:
            raise MeasurementError(f"{self.path.name}: no connection was opened within {seconds:g} s")
        return float(answer["opened"] / answer["seconds"])

    @property
    def opened(self) -> int:
        """How many connections were opened in all rounds."""
        return sum(answer["opened"] for answer in self.answers)

    @property
    def bounded(self) -> int:
        """How many connections one measurement was allowed."""
        return min((answer["bound"] for answer in self.answers), default=0)

    @property
    def busy(self) -> bool:
        """Whether the agent computed nearly all the time."""
        seconds = sum(answer["seconds"] for answer in self.answers)
        return bool(sum(answer["busy"] for answer in self.answers) > BUSY * seconds)
