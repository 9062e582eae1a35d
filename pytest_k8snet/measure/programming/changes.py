"""The changes whose time is measured: a new pod, a new Service, a policy that comes and goes."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.measure.programming.holding import CONFIRMED, Took, connects, forbidden, until
from pytest_k8snet.probe.observation import Family, Pod, Probe, Protocol
from pytest_k8snet.services.served import PORT, TCP_UDP, service

PATIENCE = 10.0
"""What does not hold so many times the limit after it was asked for will not: then other checks fail."""


class Changes:
    """Makes changes in a namespace, and measures from each other pod of ``asking``. ``limit`` is in seconds."""

    def __init__(self, cluster: Cluster, namespace: Namespace, asking: Pod, limit: float) -> None:
        self._cluster = cluster
        self._prober = cluster.attachment.prober
        self._namespace = namespace
        self._asking = asking
        self._family: Family = cluster.families[0]
        self._patience = PATIENCE * limit

    def pod_is_reached(self, number: int) -> Took | None:
        """Start a pod on another node than who asks, and measure from when it is Ready until it answers."""
        node = next(node.name for node in self._cluster.nodes if node.name != self._asking.node)
        name = f"newborn-{number}"
        self._namespace.begin(name, node)
        (pod,) = self._namespace.wait(name)
        return until(self._prober, [self._to(pod)], connects, time.monotonic(), patience=self._patience)

    def service_is_reached(self, number: int, behind: Pod) -> Took | None:
        """Make a Service for a pod that is Ready, and measure until it is answered at its address."""
        since = time.monotonic()
        with service(self._namespace, f"new-{number}", {"k8snet.io/pod": behind.name}, [behind]) as served:
            address = served.cluster_address(self._family)
            probes = [Probe(self._asking, address, PORT, protocol, served.name) for protocol in TCP_UDP]
            return until(self._prober, probes, connects, since, patience=self._patience)

    def policy_is_enforced(self, target: Pod, control: Pod) -> Took | None:
        """Deny everything to a pod, and measure until it is not reached any more; the control is all the time."""
        asked = {pod: self._to(pod) for pod in (target, control)}
        holds = forbidden(asked[target], asked[control])
        since = time.monotonic()
        self._namespace.apply(_denying(target))
        return until(self._prober, list(asked.values()), holds, since, patience=self._patience, times=CONFIRMED)

    def policy_is_lifted(self, target: Pod) -> Took | None:
        """Delete that policy again, and measure until the pod is reached."""
        since = time.monotonic()
        self._namespace.remove(_denying(target))
        return until(self._prober, [self._to(target)], connects, since, patience=self._patience)

    def reached(self, *pods: Pod) -> bool:
        """Whether the pods answer who asks, before anything is changed."""
        probes = [self._to(pod) for pod in pods]
        return until(self._prober, probes, connects, time.monotonic(), patience=self._patience) is not None

    def _to(self, pod: Pod) -> Probe:
        return Probe(self._asking, pod.address(self._family), pod.port, Protocol.TCP, pod.name, target_node=pod.node)


def repeated(times: int, change: Callable[[int], Took | None]) -> list[Took | None]:
    """Measure a change several times, until one does not take hold at all."""
    found: list[Took | None] = []
    for number in range(times):
        found.append(change(number))
        if found[-1] is None:
            break
    return found


def _denying(target: Pod) -> dict[str, object]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"deny-{target.name}"},
        "spec": {"podSelector": {"matchLabels": {"k8snet.io/pod": target.name}}, "policyTypes": ["Ingress"]},
    }
