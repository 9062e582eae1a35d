"""Pods whose readiness a check decides: the kubelet asks a port that is served only while the check wants it."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.probe.observation import Pod

READY_PORT = 8099
OPEN_SECONDS = 600


class Gates:
    """Starts such pods, makes them ready and not ready."""

    def __init__(self, cluster: Cluster) -> None:
        self._ask = cluster.attachment.prober.ask

    def start(self, namespace: Namespace, *wanted: PodRequest) -> tuple[Pod, ...]:
        """Start pods and wait until they run; none is ready then."""
        namespace.create(*(replace(request, ready_port=READY_PORT) for request in wanted))
        return namespace.wait_running(*(request.name for request in wanted))

    def open(self, *pods: Pod) -> None:
        """Let pods become ready: within a second or two their kubelet sees it."""
        for pod in pods:
            self._ask(pod, {"op": "listen", "protocol": "tcp", "port": READY_PORT, "seconds": OPEN_SECONDS})

    def close(self, *pods: Pod) -> None:
        """Let pods stop being ready."""
        for pod in pods:
            self._ask(pod, {"op": "unlisten", "protocol": "tcp", "port": READY_PORT})
