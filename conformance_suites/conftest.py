"""Short names for the plugin's fixtures, as the suites use them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.dns.permissions import refused
from pytest_k8snet.dns.servers import NameServers, NoNameServer, find_name_servers
from pytest_k8snet.measure.rounds import Plan
from pytest_k8snet.measuring import Measuring
from pytest_k8snet.policy.stage import Stage
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.probing import Probing
from pytest_k8snet.state import Fleet


@pytest.fixture(scope="session")
def cluster(k8snet_cluster: Cluster) -> Cluster:
    """Return the cluster of this run."""
    return k8snet_cluster


@pytest.fixture(scope="session")
def fleet(k8snet_cluster: Cluster) -> Fleet:
    """Return the probe pods of this run."""
    return k8snet_cluster.fleet


@pytest.fixture(scope="module")
def namespace(k8snet_namespace: Namespace) -> Namespace:
    """Return a namespace of this module's own."""
    return k8snet_namespace


@pytest.fixture
def own_namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """Return a namespace of this one test's own: its policies select nobody else's pods."""
    with cluster.namespace(request.node.nodeid) as made:
        yield made


@pytest.fixture(scope="session")
def stage(k8snet_stage: Stage) -> Stage:
    """Return the stage on which policy cases are played."""
    return k8snet_stage


@pytest.fixture(scope="session")
def name_servers(cluster: Cluster) -> NameServers:
    """Return the name servers of the cluster as they are when the tests begin."""
    if reason := refused(cluster.api):
        pytest.skip(reason)
    try:
        return find_name_servers(cluster)
    except NoNameServer as error:
        pytest.skip(str(error))


@pytest.fixture
def probe(k8snet_probe: Probing) -> Probing:
    """Return the prober that records for this check."""
    return k8snet_probe


@pytest.fixture(scope="session")
def plan(k8snet_plan: Plan) -> Plan:
    """Return for how long the profile measures."""
    return k8snet_plan


@pytest.fixture
def measure(k8snet_measure: Measuring) -> Measuring:
    """Return what measures, judges and records for this check, which has the network alone."""
    return k8snet_measure


@pytest.fixture(scope="module")
def newcomers(cluster: Cluster, namespace: Namespace) -> tuple[Pod, ...]:
    """Return pods that were started for this module, one on each node."""
    return namespace.pods(*(f"new-{place}" for place, _ in enumerate(cluster.nodes, 1)))
