"""What the checks of this area share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.measure.latency.paths import Places, places


@pytest.fixture(scope="session")
def latency_places(cluster: Cluster) -> Iterator[Places]:
    """Return the pods between which latency is measured, and a Service in front of one of them."""
    with places(cluster) as made:
        yield made
