"""How long pods take to ask each other and to be answered: the arm of a measurement that needs nothing but agents."""

from __future__ import annotations

import time
from collections.abc import Sequence
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

    Each request is a connection of its own. What is asked first is not counted: it opens the stream to the pod, and
    fills caches. It raises MeasurementError for a request that is not answered.
    """
    probe = Probe(source, target.address(source.families[0]), target.port, Protocol.TCP, target.name, size=SIZE)

    probes = [replace(probe, attempt=attempt) for attempt in range(AT_ONCE)]

    def measure(number: int) -> float:
        if number == 0:
            _ask(prober, probes)
        taken: list[float] = []
        ends = time.monotonic() + seconds
        while len(taken) < AT_ONCE * FEWEST_TIMES or time.monotonic() < ends:
            taken += _ask(prober, probes)
        return median(taken)

    return measure


def _ask(prober: Prober, probes: Sequence[Probe]) -> list[float]:
    """Make all probes at once and return how many milliseconds each took."""
    found = prober.observe(probes)
    for probe, seen in found.items():
        if seen.outcome is not Outcome.CONNECTED:
            said = f"{probe.source.name} -> {probe.column} at {probe.address}: {seen.outcome} {seen.detail}"
            raise MeasurementError(said.rstrip())
    return [seen.millis for seen in found.values()]
