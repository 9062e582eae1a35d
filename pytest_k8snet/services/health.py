"""The health check node port, by which load balancers know the nodes that have endpoints."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.errors import AgentRefused
from pytest_k8snet.kube.wait import Deadline
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.served import Served

WITH_ENDPOINTS, WITHOUT, NO_ANSWER = 200, 503, 0
REQUEST_SECONDS = 2.0


def expected_health(served: Served, nodes: Iterable[str]) -> dict[str, int]:
    """Return the HTTP status that each node must tell."""
    having = {endpoint.node for endpoint in served.endpoints if endpoint.ready}
    return {node: WITH_ENDPOINTS if node in having else WITHOUT for node in nodes}


def health(
    cluster: Cluster, probing: Probing, asking: Pod, served: Served, family: Family, *, until: Mapping[str, int]
) -> dict[str, int]:
    """Ask the health check node port of every node until it is as expected, or the time to converge is over.

    Returns the last status of each node, NO_ANSWER where there was none.
    """
    port, began = served.spec["healthCheckNodePort"], time.monotonic()
    deadline = Deadline(cluster.attachment.prober.patience.converge)
    while True:
        seen = {
            node: _status(cluster, asking, address, port) for node, address in cluster.node_addresses(family).items()
        }
        if seen == until or not deadline.left():
            probing.measured("time until the health checks are right", round(time.monotonic() - began, 3), "s")
            return seen
        time.sleep(0.1)


def _status(cluster: Cluster, asking: Pod, address: str, port: int) -> int:
    request = {"op": "http", "address": address, "port": port, "path": "/healthz", "timeout": REQUEST_SECONDS}
    try:
        return int(cluster.attachment.prober.ask(asking, request)["status"])
    except AgentRefused:
        return NO_ANSWER
