"""What the runs on a path had beside the number that is judged. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from pytest_k8snet.measure.iperf3.results import Throughput
from pytest_k8snet.measure.iperf3.seen import Seen
from pytest_k8snet.measure.iperf3.transfer import Manner

Figure = tuple[str, float, str]


def figures(seen: Seen) -> Iterator[Figure]:
    """Yield (name, value, unit) for the runs on a path; medians of the runs, sums of what is counted."""
    path, runs = seen.name, seen.runs
    if not runs:
        return
    yield f"{path}: received", median(run.bits_per_second for run in runs), "bit/s"
    if any(run.backward for run in runs):
        yield f"{path}: received back", median(run.backward for run in runs), "bit/s"
    told = [run.retransmits for run in runs if run.retransmits is not None]
    if told:
        yield f"{path}: retransmits", sum(told), "segments"
    yield f"{path}: processor of the client", median(run.cpu.client for run in runs), "% of a core"
    yield f"{path}: processor of the server", median(run.cpu.server for run in runs), "% of a core"
    for node, spent in seen.busiest:
        yield f"{path}: busiest processor of {node}", 100 * spent.share, "%"
    datagrams = [run.datagrams for run in runs if run.datagrams]
    if datagrams:
        yield f"{path}: lost", sum(one.lost for one in datagrams), "datagrams"
        yield f"{path}: sent", sum(one.sent for one in datagrams), "datagrams"
        yield f"{path}: jitter", median(one.jitter for one in datagrams), "ms"
        yield f"{path}: out of order", sum(one.out_of_order or 0 for one in datagrams), "datagrams"


def warnings(manner: Manner, runs: Sequence[Throughput]) -> Iterator[str]:
    """Yield what people should know of the program that measured."""
    old = sorted({run.version for run in runs if run.one_thread})
    if old and (manner.streams > 1 or manner.both):
        yield (
            f"{', '.join(old)} runs all streams in one thread, so in one core: from 3.16 on each has its own, "
            "and several streams may be faster"
        )
