"""What iperf3 -J printed, as numbers. Pure.

What arrived counts, ``end.sum_received``: ``end.sum`` of UDP is the rate that was sent, also when most of it was lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.iperf3.failures import NothingArrived, explain

FIRST_WITH_WHAT_ARRIVED = (3, 9)
FIRST_WITH_THREADS = (3, 16)
"""Before, all streams shared one thread, and so one core: about 25 Gb/s at most."""

UPGRADE = "Use an image with iperf3 3.9 or newer: --k8snet-image nicolaka/netshoot."


@dataclass(frozen=True)
class Cpu:
    """Percent of one core that the iperf3 of the client and that of the server used; interrupts are not in it."""

    client: float
    server: float


@dataclass(frozen=True)
class Datagrams:
    """UDP: how many were sent and lost, how many came out of order (None when not told), the jitter in milliseconds."""

    sent: int
    lost: int
    jitter: float
    out_of_order: int | None

    @property
    def arrived(self) -> float:
        """The share that arrived, 1.0 for all."""
        return 1 - self.lost / self.sent


@dataclass(frozen=True)
class Throughput:
    """One run of iperf3.

    ``bits_per_second``, ``bytes`` and ``seconds`` are what arrived at the receiver; of a bidirectional run this is the
    client's direction, and ``backward`` the bits per second of the other. ``retransmits`` is None where the kernel does
    not tell, ``mss`` and ``path_mtu`` are 0 where iperf3 does not.
    """

    bits_per_second: float
    bytes: int
    seconds: float
    cpu: Cpu
    version: str
    backward: float = 0.0
    retransmits: int | None = None
    datagrams: Datagrams | None = None
    mss: int = 0
    path_mtu: int = 0

    @property
    def one_thread(self) -> bool:
        """Whether this iperf3 runs all streams in one thread, which caps several streams at what one core can do."""
        return _number(self.version) < FIRST_WITH_THREADS


class _Test(msgspec.Struct):
    bidir: int = 0


class _Start(msgspec.Struct):
    version: str = ""
    tcp_mss_default: int = 0
    test_start: _Test = msgspec.field(default_factory=_Test)


class _Sum(msgspec.Struct):
    bytes: float
    seconds: float
    bits_per_second: float
    retransmits: int | None = None
    jitter_ms: float = 0.0
    lost_packets: int = 0
    packets: int = 0


class _Usage(msgspec.Struct):
    host_total: float = 0.0
    remote_total: float = 0.0


class _Flow(msgspec.Struct):
    out_of_order: int | None = None


class _Stream(msgspec.Struct):
    udp: _Flow | None = None


class _Piece(msgspec.Struct):
    pmtu: int = 0


class _Interval(msgspec.Struct):
    streams: list[_Piece] = []


class _End(msgspec.Struct):
    streams: list[_Stream] = []
    sum_sent: _Sum | None = None
    sum_received: _Sum | None = None
    sum_received_bidir_reverse: _Sum | None = None
    cpu_utilization_percent: _Usage = msgspec.field(default_factory=_Usage)


class _Ending(msgspec.Struct):
    """Read first: beside an error there may be numbers that are none."""

    error: str = ""


class _Document(msgspec.Struct):
    end: _End
    start: _Start = msgspec.field(default_factory=_Start)
    intervals: list[_Interval] = []


def read(text: str) -> Throughput:
    """Return what a run moved, by the output of ``iperf3 -J``. What stands before or after its JSON is passed over.

    Raises:
        MeasurementError: iperf3 could not do it, with its reason in words; or this is no result of iperf3, or nothing
            has arrived.

    """
    try:
        said = msgspec.json.decode(_json_of(text), type=_Ending).error
        document = None if said else msgspec.json.decode(_json_of(text), type=_Document)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        shown = " ".join(text.split())[:200] or "nothing"
        raise MeasurementError(f"iperf3 gave no result that can be read ({error}), it said: {shown}") from error
    if document is None:
        raise explain(said)
    return _throughput(document)


def _json_of(text: str) -> str:
    """Return the lines from the one that opens the document to the one that closes it."""
    lines = text.splitlines()
    opening = next((place for place, line in enumerate(lines) if line.startswith("{")), 0)
    closing = next((place for place in range(len(lines), 0, -1) if lines[place - 1].startswith("}")), len(lines))
    return "\n".join(lines[opening:closing])


def _throughput(document: _Document) -> Throughput:
    start, end = document.start, document.end
    received = end.sum_received
    if received is None:
        older = _number(start.version) < FIRST_WITH_WHAT_ARRIVED
        raise MeasurementError(
            f"{start.version or 'iperf3'} does not say how much has arrived", hint=UPGRADE if older else ""
        )
    backward = end.sum_received_bidir_reverse
    _demand_numbers(received, "from the client" if backward else "at the receiver")
    if backward:
        _demand_numbers(backward, "from the server")
    return Throughput(
        bits_per_second=received.bits_per_second,
        bytes=int(received.bytes),
        seconds=received.seconds,
        cpu=Cpu(end.cpu_utilization_percent.host_total, end.cpu_utilization_percent.remote_total),
        version=start.version,
        backward=backward.bits_per_second if backward else 0.0,
        retransmits=end.sum_sent.retransmits if end.sum_sent else None,
        datagrams=_datagrams(end),
        mss=start.tcp_mss_default,
        path_mtu=max((piece.pmtu for interval in document.intervals for piece in interval.streams), default=0),
    )


def _demand_numbers(found: _Sum, where: str) -> None:
    if found.bytes <= 0 or found.bits_per_second <= 0:
        raise NothingArrived(f"not one byte has arrived {where} within {found.seconds:g} s")
    if found.seconds <= 0:
        raise MeasurementError(f"iperf3 says that {found.bytes:g} bytes took {found.seconds:g} s")


def _datagrams(end: _End) -> Datagrams | None:
    found = end.sum_received
    flows = [stream.udp for stream in end.streams if stream.udp]
    if found is None or not flows:
        return None
    if not 0 <= found.lost_packets <= found.packets or not found.packets:
        raise MeasurementError(f"iperf3 says that {found.lost_packets} of {found.packets} datagrams were lost")
    told = [flow.out_of_order for flow in flows if flow.out_of_order is not None]
    return Datagrams(found.packets, found.lost_packets, found.jitter_ms, sum(told) if told else None)


def _number(version: str) -> tuple[int, ...]:
    """Return (3, 12) for "iperf 3.12"; nothing for what is no such version, which then counts as the oldest."""
    found = re.search(r"(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else ()
