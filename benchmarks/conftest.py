"""What benchmarks of iperf3 measure with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.measure.iperf3.bench import Bench, open_bench


@pytest.fixture
def bench(k8snet_cluster: Cluster) -> Iterator[Bench]:
    """Return servers and clients of our own."""
    with open_bench(k8snet_cluster) as made:
        yield made
