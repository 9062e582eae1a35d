"""What the checks of Services share: the pods behind them, and those who ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.services.backends import Backends, not_permitted, open_backends
from pytest_k8snet.services.gated import Gates
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.state import Fleet


@pytest.fixture(scope="session")
def backends(cluster: Cluster) -> Iterator[Backends]:
    """Return the pods behind the Services, one on each node and two on the first."""
    if reason := not_permitted(cluster.api):
        pytest.skip(reason)
    with open_backends(cluster) as made:
        yield made


@pytest.fixture(scope="session")
def clients(fleet: Fleet) -> tuple[Pod, ...]:
    """Return one ordinary pod on each node."""
    return tuple({pod.node: pod for pod in reversed(fleet.pods)}.values())


@pytest.fixture(scope="session")
def presume(cluster: Cluster, clients: tuple[Pod, ...]) -> Presumption:
    """Return who skips a check for which the ground is not there."""
    return Presumption(cluster, clients)


@pytest.fixture(scope="session")
def gates(cluster: Cluster) -> Gates:
    """Return who starts pods whose readiness a check decides."""
    return Gates(cluster)
