"""What a bandwidth is limited by when that is not the network: told in words, never another verdict. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from statistics import median

from pytest_k8snet.measure.iperf3.results import Throughput
from pytest_k8snet.measure.iperf3.seen import Seen
from pytest_k8snet.measure.iperf3.transfer import Manner
from pytest_k8snet.measure.judged import Judged

BUSY_PROGRAM, BUSY_PROCESSOR = 90, 95
"""Percent. A program also waits for the kernel; what a processor does for nobody in particular is in its own share."""
ALIKE = 0.02
"""Both have one limit when the whole interval of their ratio is so close to 1."""

SPEED = "this is the speed of the processor, not of the network"
PERHAPS = "this may be the speed of that processor, not of the network"
"""One that is busy with something else, or polls all the time, need not be the one that had the packets."""
LOSS = "what was lost may be lost by the processor, not by the network"
FULL = (
    "and no processor was seen busy: both have the same limit, mostly the nodes' link, and what the network of the "
    "pods could carry beyond that is not seen"
)


def busy(seen: Seen) -> list[str]:
    """Return what was busy while a path was measured, in words; nothing for most."""
    return [*_programs(seen), *_processors(seen)] if seen.runs else []


def _programs(seen: Seen) -> Iterator[str]:
    shares = {
        "client": median(run.cpu.client / _threads(seen.manner, run) for run in seen.runs),
        "server": median(run.cpu.server / _threads(seen.manner, run) for run in seen.runs),
    }
    for end, percent in shares.items():
        if percent >= BUSY_PROGRAM:
            yield f"the {end}'s processor was busy {percent:.0f} %"


def _threads(manner: Manner, run: Throughput) -> int:
    return 1 if run.one_thread else manner.streams * (2 if manner.both else 1)


def _processors(seen: Seen) -> Iterator[str]:
    for node, spent in seen.busiest:
        if 100 * spent.share >= BUSY_PROCESSOR:
            packets = f"{100 * spent.interrupts:.0f} % in soft interrupts"
            yield f"a processor of {node} was busy {100 * spent.share:.0f} % ({packets})"


def flagged(judged: Judged, subject: Seen, baseline: Seen) -> Judged:
    """Return the same judgement with what should be known of both paths; its verdict stays as it is."""
    flags = [f"{one.name}: {_limited(one)}" for one in (subject, baseline) if busy(one)]
    if not flags and not subject.manner.udp_rate and _alike(judged):
        flags = [f"{subject.name}: the same as {baseline.name} within {ALIKE * 100:g} %, {FULL}"]
    return replace(judged, flags=tuple(flags))


def _limited(seen: Seen) -> str:
    speed = SPEED if any(_programs(seen)) else PERHAPS
    means = LOSS if seen.manner.udp_rate else speed
    return f"{', and '.join(busy(seen))}: {means}"


def _alike(judged: Judged) -> bool:
    interval = judged.ratio.interval if judged.ratio else None
    return interval is not None and interval.low >= 1 - ALIKE and interval.high <= 1 + ALIKE
