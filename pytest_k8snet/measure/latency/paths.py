"""The paths whose latency is measured, beside the path between the same nodes themselves."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.measure.latency.sample import Sample
from pytest_k8snet.measure.rounds import Arm
from pytest_k8snet.probe.observation import Family, Pod, Protocol
from pytest_k8snet.probe.prober import Prober
from pytest_k8snet.probe.questions import reach
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import not_permitted
from pytest_k8snet.services.questions import merged, through
from pytest_k8snet.services.served import PORT, Served, service

RATE = 400
"""Requests in a second: far from what any network or agent carries, so that none waits for another."""

TIMEOUT = 1.0
WORKING_SECONDS = 6.0
SIZE = 64
PROTOCOLS = {"connect": "tcp", "exchange": "tcp", "echo": "udp", "dns": "udp"}

SAME_NODE, OTHER_NODE, SERVICE = "pod to pod, same node", "pod to pod, other node", "pod to Service, other node"
HOSTS = "node to node"


@dataclass
class Path:
    """From a pod to an address and port. ``samples`` keeps what was measured, in the order of the rounds.

    ``messages`` gives so many messages for a name server, in base64; requests have ``timeout`` seconds.
    """

    name: str
    source: Pod
    address: str
    port: int
    samples: list[Sample] = field(default_factory=list)
    messages: Callable[[int], list[str]] | None = None
    timeout: float = TIMEOUT

    def measure(self, prober: Prober, kind: str, seconds: float, rate: float = RATE) -> Sample:
        """Measure once, for some seconds: connect, exchange, echo, or dns. Raises NoVerdict."""
        probe: dict[str, Any] = {"address": self.address, "port": self.port, "protocol": PROTOCOLS[kind], "size": SIZE}
        number = max(int(rate * seconds), 1)
        request = {
            "op": "load",
            "kind": kind,
            "probe": probe,
            "rate": rate,
            "number": number,
            "timeout": self.timeout,
            "messages": self.messages(number) if self.messages else [],
        }
        sample = Sample.read(prober.ask(self.source, request, again=False), self.timeout)
        self.samples.append(sample)
        return sample

    def arm(self, prober: Prober, kind: str, seconds: float, percent: float) -> Arm:
        """Return what measures a percentile in milliseconds, once in each round."""
        return lambda _: self.measure(prober, kind, seconds).percentile(percent)


@dataclass(frozen=True)
class Places:
    """The pods between which is measured: two on one node, one on another, and the hostNetwork pods of both nodes.

    ``fronted`` is a Service with ``far`` alone behind it.
    """

    near: Pod
    neighbour: Pod
    far: Pod
    near_host: Pod
    far_host: Pod
    fronted: Served

    def paths(self, family: Family) -> tuple[Path, ...]:
        """Return the baseline, then the paths of pods, with nothing measured yet."""
        address = self.far.address(family)
        return (
            Path(HOSTS, self.near_host, self.far_host.address(family), self.far_host.port),
            Path(SAME_NODE, self.near, self.neighbour.address(family), self.neighbour.port),
            Path(OTHER_NODE, self.near, address, self.far.port),
            Path(SERVICE, self.near, self.fronted.cluster_address(family), PORT),
        )

    def demand_working(self, cluster: Cluster, probe: Probing, family: Family) -> None:
        """Skip the test where one of the paths does not work at all: other checks fail for that."""
        hosts = (self.near_host, self.far_host)
        if any(family not in pod.families for pod in hosts):
            pytest.skip(f"the nodes have no {family} address, so that there is no path between them to compare with")
        protocols = (Protocol.TCP, Protocol.UDP)
        asked = [
            reach("pods", [self.near], [self.neighbour, self.far], family, protocols),
            reach("nodes", [self.near_host], [self.far_host], family, protocols),
            through("a Service", self.fronted, [self.near], self.fronted.inside(family)),
        ]
        table = cluster.attachment.prober.once(replace(merged("the paths", *asked), convergence=WORKING_SECONDS))
        if wrong := table.mismatches():
            source, *_ = wrong[0]
            pytest.skip(f"{source.source.name} -> {source.column}: {wrong[0][3]}; see MODEL-010 to 024 and SVC-001")


@contextmanager
def places(cluster: Cluster) -> Iterator[Places]:
    """Choose pods of the fleet and make the Service, for a while; skip the test where that may not be done."""
    if reason := not_permitted(cluster.api):
        pytest.skip(reason)
    pods, hosts = cluster.fleet.pods, {pod.node: pod for pod in cluster.fleet.host_pods}
    near = pods[0]
    neighbour = next(pod for pod in pods if pod.node == near.node and pod != near)
    far = next(pod for pod in pods if pod.node != near.node)
    namespace = Namespace(cluster, near.namespace)
    with service(namespace, f"latency-{secrets.token_hex(3)}", {"k8snet.io/pod": far.name}, [far]) as fronted:
        yield Places(near, neighbour, far, hosts[near.node], hosts[far.node], fronted)
