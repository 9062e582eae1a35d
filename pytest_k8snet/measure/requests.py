"""How long pods take to ask each other and to be answered: the arm of a measurement that needs nothing but agents."""

from __future__ import annotations

import time
from dataclasses import replace
from statistics import median

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.rounds import Arm
from pytest_k8snet.probe.observation import Outcome, Pod, Probe, Protocol
from pytest_k8snet.probe.prober import Prober

SIZE = 64_000
"""Bytes of a request, and of its answer: a slow link shows."""
AT_ONCE, FEWEST_TIMES = 4, 3


def request_time(prober: Prober, source: Pod, target: Pod, seconds: float) -> Arm:
    """Return what measures for so many seconds how long requests over TCP take: the median in milliseconds.

    Each request is a connection of its own. It raises MeasurementError for a request that is not answered.
    """
    probe = Probe(source, target.address(source.families[0]), target.port, Protocol.TCP, target.name, size=SIZE)

    def measure(number: int) -> float:
        taken: list[float] = []
        ends = time.monotonic() + seconds
        while len(taken) < AT_ONCE * FEWEST_TIMES or time.monotonic() < ends:
            for seen in prober.observe([replace(probe, attempt=attempt) for attempt in range(AT_ONCE)]).values():
                if seen.outcome is not Outcome.CONNECTED:
                    raise MeasurementError(
                        f"{source.name} -> {target.name} at {probe.address}: {seen.outcome} {seen.detail}".rstrip()
                    )
                taken.append(seen.millis)
        return median(taken)

    return measure
