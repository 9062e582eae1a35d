"""The public fixtures: a cluster, namespaces, probe pods, Services, policies, and "can A reach B?"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_k8snet.plugin import SETTINGS, WORKER

if TYPE_CHECKING:
    from pytest_k8snet.cluster import Cluster, Namespace
    from pytest_k8snet.measure.rounds import Plan
    from pytest_k8snet.measuring import Measuring
    from pytest_k8snet.policy.cases import Case
    from pytest_k8snet.policy.fuzz import Drawn
    from pytest_k8snet.policy.stage import Stage
    from pytest_k8snet.probing import Probing


@pytest.fixture(scope="session")
def k8snet_cluster(request: pytest.FixtureRequest) -> Cluster:
    """Return the cluster of this run: its nodes, families, fleet and Kubernetes API."""
    worker = request.config.stash.get(WORKER, None)
    if worker is None:
        pytest.fail("k8snet_cluster and what uses it need a cluster: give --k8snet to pytest", pytrace=False)
    from pytest_k8snet.cluster import Cluster

    return Cluster(worker.attachment)


@pytest.fixture(scope="module")
def k8snet_namespace(k8snet_cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """Make a namespace of this module's own, gone with all that is in it after the module's last test.

    Its methods make what the tests need: ``pod``, ``pods``, ``service``, ``policy``, ``apply``.
    """
    with k8snet_cluster.namespace(request.node.nodeid) as made:
        yield made


@pytest.fixture
def k8snet_probe(k8snet_cluster: Cluster, request: pytest.FixtureRequest) -> Probing:
    """Ask "can A reach B?"; what was asked and seen stands in the report of this test."""
    from pytest_k8snet.probing import Probing

    return Probing(k8snet_cluster, request.node)


@pytest.fixture(scope="session")
def k8snet_plan(k8snet_cluster: Cluster, request: pytest.FixtureRequest) -> Plan:
    """Return for how long the profile measures, for what measures once for several tests."""
    from pytest_k8snet.measuring import plan_of

    return plan_of(request.config.stash[SETTINGS])


@pytest.fixture
def k8snet_measure(k8snet_cluster: Cluster, request: pytest.FixtureRequest) -> Measuring:
    """Measure and judge. A test with this fixture runs while no other test of this run uses the network."""
    from pytest_k8snet.measuring import Measuring

    return Measuring(request.config.stash[SETTINGS], request.node)


@pytest.fixture
def k8snet_own_case() -> Case:
    """Return a policy case of the user's own. A test with it runs once for each case of --k8snet-policy-cases."""
    pytest.fail("k8snet_own_case needs cases: give --k8snet and --k8snet-policy-cases to pytest", pytrace=False)


@pytest.fixture
def k8snet_drawn_case() -> Drawn:
    """Return a set of random policies as a case. A test with it runs as often as --k8snet-fuzz says."""
    pytest.fail("k8snet_drawn_case needs a number of cases: give --k8snet and --k8snet-fuzz to pytest", pytrace=False)


@pytest.fixture(scope="session")
def k8snet_stage(k8snet_cluster: Cluster) -> Iterator[Stage]:
    """Make the stage on which policy cases are played; its arena of nine pods comes with the first case."""
    from pytest_k8snet.policy.stage import open_stage

    with open_stage(k8snet_cluster) as stage:
        yield stage
