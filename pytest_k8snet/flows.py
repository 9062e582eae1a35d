"""Connections that a pod holds open: a line ten times a second, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Pod, Protocol

OPEN_SECONDS = 3.0
SILENT_SECONDS = 0.5


@dataclass(frozen=True)
class Report:
    """What an agent says of a connection: when answers came, in seconds since it was opened; ``over`` if it is.

    ``servers`` are the pods that answered, in the order in which they took over.
    """

    age: float
    answers: tuple[float, ...]
    over: str = ""
    servers: tuple[str, ...] = ()

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


def open_flow(cluster: Cluster, source: Pod, address: str, port: int, protocol: Protocol) -> Held:
    """Open a connection, or a flow of datagrams. Raises NoVerdict when no answer comes."""
    asked = {"address": address, "port": port, "protocol": protocol.value}
    answer = cluster.attachment.prober.ask(source, {"op": "hold", "probe": asked, "timeout": OPEN_SECONDS})
    return Held(cluster, source, protocol, answer["hold"])


def _read(answer: Mapping[str, Any]) -> Report:
    return Report(answer["age"], tuple(answer["answers"]), answer["over"], tuple(answer["servers"]))
