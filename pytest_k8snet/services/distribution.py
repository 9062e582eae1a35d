"""Services with a trafficDistribution: made where the API knows it, and judged by the zones of the nodes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.errors import ApiError
from pytest_k8snet.services.backends import Backends, Group
from pytest_k8snet.services.served import Served

INVALID = 422


@contextmanager
def distributed(cluster: Cluster, backends: Backends, how: str, group: Group | None = None) -> Iterator[Served]:
    """Make a Service with a trafficDistribution; skip the check where the API does not know this one."""
    with ExitStack() as stack:
        try:
            made = stack.enter_context(backends.service(group, trafficDistribution=how))
        except ApiError as error:
            if error.status != INVALID:
                raise
            pytest.skip(f"this cluster's API takes no trafficDistribution: {how}: {error}")
        if made.spec.get("trafficDistribution") != how:
            pytest.skip(f"this cluster's API does not keep trafficDistribution: {how}")
        yield replace(made, zones={node.name: node.zone for node in cluster.nodes})
