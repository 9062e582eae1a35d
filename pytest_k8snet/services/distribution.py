"""Services with a trafficDistribution: made where the API knows it, and judged by the zones of the nodes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.services.backends import Backends, Group
from pytest_k8snet.services.served import Served


@contextmanager
def distributed(cluster: Cluster, backends: Backends, how: str, group: Group | None = None) -> Iterator[Served]:
    """Make a Service with a trafficDistribution; skip the check where the API does not know this one."""
    with backends.if_taken(group, trafficDistribution=how) as made:
        yield replace(made, zones={node.name: node.zone for node in cluster.nodes})
