"""What was seen of one path while it was measured. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from pytest_k8snet.measure.iperf3.results import Throughput
from pytest_k8snet.measure.iperf3.transfer import Manner
from pytest_k8snet.probe.processors import Busy


@dataclass(frozen=True)
class Seen:
    """The runs on a path, sent in a manner, and how busy the busiest processor of each node was, run by run."""

    name: str
    manner: Manner
    runs: Sequence[Throughput]
    nodes: Sequence[Mapping[str, Busy]] = ()

    @property
    def busiest(self) -> Iterator[tuple[str, Busy]]:
        """Each node with how busy its busiest processor was, medians of the runs."""
        for node in dict.fromkeys(node for looked in self.nodes for node in looked):
            looks = [looked[node] for looked in self.nodes if node in looked]
            yield node, Busy(median(look.share for look in looks), median(look.interrupts for look in looks))
