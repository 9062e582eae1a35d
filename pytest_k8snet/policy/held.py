"""Connections that are open while policies change: what becomes of them is told, not judged.

NetworkPolicy leaves open whether a connection that a policy forbids after it was opened is cut or goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Family, Pod, Protocol
from pytest_k8snet.probing import Probing

OPEN_SECONDS = 3.0
SILENT_SECONDS = 0.5
WATCH_SECONDS = 1.5


@dataclass(frozen=True)
class Report:
    """What an agent says of a connection: when answers came, in seconds since it was opened; ``over`` if it is."""

    age: float
    answers: tuple[float, ...]
    over: str = ""

    def course(self, since: float) -> str:
        """Say what became of it, ``since`` seconds after it was opened."""
        watched = self.age - since
        if self.over:
            return f"ended after {self._carried(since) * 1000:.0f} ms ({self.over})"
        if self.cut:
            return f"carried nothing any more after {self._carried(since) * 1000:.0f} ms"
        return f"was kept for the {watched:.1f} s that it was watched"

    @property
    def cut(self) -> bool:
        """Whether nothing comes through any more: a line is sent ten times a second."""
        return bool(self.over) or self.age - self.answers[-1] > SILENT_SECONDS

    def _carried(self, since: float) -> float:
        return max(0.0, self.answers[-1] - since)


@dataclass(frozen=True)
class Held:
    """A connection that a pod holds open."""

    cluster: Cluster
    source: Pod
    protocol: Protocol
    number: int

    def report(self, *, release: bool = False) -> Report:
        """Return what has come through. Raises NoVerdict when the agent does not hold it any more."""
        answer = self.cluster.attachment.prober.ask(
            self.source, {"op": "held", "hold": self.number, "release": release}, again=False
        )
        return _read(answer)


@contextmanager
def held_open(cluster: Cluster, probing: Probing, source: Pod, target: Pod, family: Family, why: str) -> Iterator[None]:
    """Hold a TCP connection and a flow of UDP open through the body, in which ``why`` happens; report what became."""
    flows = tuple(_open(cluster, source, target, family, protocol) for protocol in (Protocol.TCP, Protocol.UDP))
    ages = [flow.report().age for flow in flows]
    yield
    for flow, since in zip(flows, ages, strict=True):
        report = _watched(flow, since + WATCH_SECONDS)
        probing.note(f"the {flow.protocol} connection that was open when {why} {report.course(since)}")
        if report.cut:
            probing.measured(
                f"{flow.protocol} carried on after {why}", round(max(0.0, report.answers[-1] - since), 3), "s"
            )
        flow.report(release=True)


def _watched(flow: Held, age: float) -> Report:
    while (report := flow.report()).age < age:
        time.sleep(min(0.1, age - report.age))
    return report


def _open(cluster: Cluster, source: Pod, target: Pod, family: Family, protocol: Protocol) -> Held:
    asked = {"address": target.address(family), "port": target.port, "protocol": protocol.value}
    answer = cluster.attachment.prober.ask(source, {"op": "hold", "probe": asked, "timeout": OPEN_SECONDS})
    return Held(cluster, source, protocol, answer["hold"])


def _read(answer: Mapping[str, Any]) -> Report:
    return Report(answer["age"], tuple(answer["answers"]), answer["over"])
