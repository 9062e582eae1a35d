"""What a report tells of latency beside its verdict."""

from __future__ import annotations

from typing import Protocol

from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.latency.judging import Latencies
from pytest_k8snet.measure.latency.sample import Sample, distribution

PERCENTILES = {50: 2, 90: 20, 99: 200, 99.9: 2000}
"""Percentiles that are told, each with the least number of answers for which it says anything."""


class Report(Protocol):
    """Where figures go: ``measuring.Measuring``."""

    def figure(self, name: str, value: float, unit: str) -> None:
        """Put a number into the report."""

    def distribution(self, name: str, unit: str, count: int, points: list[tuple[float, float]]) -> None:
        """Put a distribution into the report."""

    def note(self, text: str) -> None:
        """Put a sentence into the report."""

    def record(self, judged: Judged, *, unit: str, against: str = "") -> None:
        """Put a comparison into the report."""


def report(to: Report, found: Latencies) -> None:
    """Put percentiles, distributions, undecided tails and how it was measured into a report."""
    for tail in found.tails:
        if tail not in found.to_be_decided:
            to.record(tail, unit="ms", against=found.baseline.name)
    for name, sample in found.samples.items():
        figures(to, name, sample)
    slowest = min(found.samples.values(), key=lambda sample: sample.rate)
    to.note(f"open loop: each path was sent at least {slowest.rate:.0f} requests in a second while it was measured")


def figures(to: Report, name: str, sample: Sample) -> None:
    """Put what was measured of one path into a report."""
    answered = sample.histogram.count
    for percent, least in PERCENTILES.items():
        if answered >= least and not sample.errors and sample.lost < sample.sent:
            to.figure(f"{name}: {percent:g}th percentile", sample.percentile(percent), "ms")
    if points := distribution(sample):
        to.distribution(name, "ms", answered, points)
    if sample.lost:
        to.note(f"{name}: {sample.lost} of {sample.sent} were not answered within {sample.timeout:g} s")
    if sample.void:
        to.note(
            f"{name}: {sample.void} of {sample.sent} times are left out: the agent had to wait for its processor "
            f"({sample.waited * 1000:.0f} ms in all; the latest request was sent {sample.late * 1000:.1f} ms late)"
        )
