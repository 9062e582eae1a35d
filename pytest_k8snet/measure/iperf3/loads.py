"""What is sent to measure with, and which number of the result is judged. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.iperf3.results import Throughput
from pytest_k8snet.measure.iperf3.transfer import Manner

UDP_RATE = 20_000_000
"""Bits per second that every network should carry without loss; more would measure the receiver's processor."""


@dataclass(frozen=True)
class Load:
    """A manner of sending with its name for people."""

    name: str
    manner: Manner

    @property
    def unit(self) -> str:
        """The unit of the number that is judged."""
        return "share that arrived" if self.manner.udp_rate else "bit/s"

    def value(self, found: Throughput) -> float:
        """Return the number that is judged: what arrived, in the slower direction where both send.

        Raises:
            MeasurementError: the result does not tell.

        """
        if self.manner.both and not found.backward:
            raise MeasurementError(f"{found.version} did not send in both directions", hint="It takes iperf3 3.7.")
        if self.manner.both:
            return min(found.bits_per_second, found.backward)
        if not self.manner.udp_rate:
            return found.bits_per_second
        if found.datagrams is None:
            raise MeasurementError(f"{found.version} did not say how many datagrams have arrived")
        return found.datagrams.arrived

    def __str__(self) -> str:
        return self.name


ONE_STREAM = Load("one TCP stream", Manner())
REVERSE = Load("one TCP stream back", Manner(reverse=True))
SEVERAL = Load("four TCP streams", Manner(streams=4))
BOTH_WAYS = Load("TCP both ways at once", Manner(both=True))
DATAGRAMS = Load("UDP at 20 Mbit/s", Manner(udp_rate=UDP_RATE))
