"""Whether connections to a node's port go on to another node, by who answers, whom it sees, and packets."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.kube import labels
from pytest_k8snet.measure.encapsulation.capturing import capturing, marked
from pytest_k8snet.probe.observation import (
    CONNECTS,
    Expectation,
    Expected,
    Family,
    Observation,
    Outcome,
    Pod,
    Probe,
    Protocol,
)
from pytest_k8snet.services.backends import not_permitted
from pytest_k8snet.services.served import Door, Served, service

TRIES = 16


@dataclass(frozen=True)
class Answer:
    """What answered one datagram to a port of ``asked``: a pod on ``node``, which saw the client as ``source``."""

    asked: str
    node: str
    source: str


@dataclass(frozen=True)
class Hops:
    """What became of datagrams to a node's port. ``unchanged`` is the client as the node itself sees it.

    ``carried`` counts them on other nodes, by their names, as far as packets may be captured.
    """

    unchanged: str
    answers: tuple[Answer, ...]
    carried: Mapping[str, int]

    def wrong(self) -> list[str]:
        """Return what shows a second hop, in words."""
        found = [f"a pod on {one.node} answered what came to {one.asked}" for one in self.answers if self._went_on(one)]
        found += [
            f"a pod on {one.node} saw {one.source}, not {self.unchanged}"
            for one in self.answers
            if one.source != self.unchanged
        ]
        found += [f"{number} packets were captured on {node}" for node, number in self.carried.items()]
        return sorted(set(found))

    @property
    def second_hops(self) -> int:
        """How many answers came from another node than the one that was asked."""
        return sum(self._went_on(one) for one in self.answers)

    @staticmethod
    def _went_on(answer: Answer) -> bool:
        return answer.node != answer.asked


class NodePorts:
    """Asks at the port of one node for a Service that has a pod on every node."""

    def __init__(self, cluster: Cluster, family: Family) -> None:
        self._cluster = cluster
        self._prober = cluster.attachment.prober
        self._family = family
        self._hosts = {pod.node: pod for pod in cluster.with_family(cluster.fleet.host_pods, family)}
        self._asked = next(iter(self._hosts))
        self._client = self._outside()

    def _outside(self) -> Pod:
        """Return who asks: a host outside the cluster, or the node that is asked last."""
        if self._cluster.attachment.state.outside is not None and "outside" not in self._cluster.missing:
            return self._cluster.outside
        return [pod for node, pod in self._hosts.items() if node != self._asked][-1]

    @contextmanager
    def service(self, policy: str) -> Iterator[Served]:
        """Make the Service in front of the fleet's pods, for a while; skip the test where that may not be done."""
        if reason := not_permitted(self._cluster.api):
            pytest.skip(reason)
        pods = self._cluster.fleet.pods
        namespace = Namespace(self._cluster, pods[0].namespace)
        selector = {labels.RUN: self._cluster.attachment.state.run_id}
        name = f"node-port-{secrets.token_hex(3)}"
        with service(namespace, name, selector, pods, type="NodePort", externalTrafficPolicy=policy) as made:
            yield made

    def hops(self, served: Served) -> Hops:
        """Ask TRIES times, and tell where that went; skip the test when it is not answered at all."""
        host = self._hosts[self._asked]
        direct = Probe(self._client, host.address(self._family), host.port, Protocol.UDP, host.name)
        (door,) = served.at_nodes({self._asked: host.address(self._family)}, [Protocol.UDP])
        mark = secrets.token_hex(8)
        with capturing(self._prober, self._watchers(), mark) as captured:
            answers = [self._answer(one) for one in self._ask(door, mark)]
        carried = {pod.node: len(one["packets"]) for pod, one in captured.items() if one["packets"]}
        itself = self._prober.observe([direct])[direct]
        if itself.server is None:
            pytest.skip(f"{self._client.name} does not reach node {self._asked}; see EXP-001 and MODEL-024")
        return Hops(itself.server.source, tuple(answers), carried)

    def _ask(self, door: Door, mark: str) -> list[Observation]:
        probes = marked(self._client, door.address, door.port, door.name, mark, TRIES)
        self._prober.once(Expectation("a node's port", {probes[0]: Expected(CONNECTS)}))
        seen = list(self._prober.observe(probes).values())
        if any(one.outcome is not Outcome.CONNECTED for one in seen):
            pytest.skip(f"port {door.port} of node {self._asked} does not answer; see SVC-020 and SVC-051")
        return seen

    def _answer(self, seen: Observation) -> Answer:
        told = json.loads(base64.b64decode(seen.data))
        return Answer(self._asked, told["node"], told["source"])

    def _watchers(self) -> list[Pod]:
        """Return who captures on the nodes that are neither asked nor ask; nobody where that is not allowed."""
        others = [pod for node, pod in self._hosts.items() if node not in (self._asked, self._client.node)]
        return others if "capture" not in self._cluster.missing else []
