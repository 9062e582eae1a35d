"""trafficDistribution: endpoints close to a client are preferred, and those elsewhere serve where there is none."""

from __future__ import annotations

import pytest

from conformance_suites.clauses import SERVICE_DISTRIBUTION
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.distribution import distributed
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import inside, through

IGNORED = ("service-hints-ignored",)
same_zone = pytest.mark.parametrize("how", ["PreferClose", "PreferSameZone"])


@each_family
@same_zone
@check("SVC-120", spec=SERVICE_DISTRIBUTION, level="extended", requires=("zones",), catches=IGNORED)
def test_endpoints_of_the_clients_zone_are_preferred(
    backends: Backends,
    cluster: Cluster,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
    how: str,
    family: Family,
) -> None:
    """With PreferClose and PreferSameZone the endpoints of the client's zone answer, each of them, and no others."""
    presume.working(backends)
    with distributed(cluster, backends, how) as served:
        expected = through(how, served, clients, served.inside(family), spread=True)
        assert probe(expected) == expected


@each_family
@check("SVC-121", spec=SERVICE_DISTRIBUTION, level="extended", requires=("two_nodes",), catches=IGNORED)
def test_endpoints_of_the_clients_node_are_preferred(
    backends: Backends, cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing, family: Family
) -> None:
    """With PreferSameNode the endpoints of the client's node answer, each of them, and no others."""
    presume.working(backends)
    with distributed(cluster, backends, "PreferSameNode") as served:
        expected = through("PreferSameNode", served, clients, served.inside(family), spread=True)
        assert probe(expected) == expected


@pytest.mark.parametrize("how", ["PreferClose", "PreferSameZone", "PreferSameNode"])
@check(
    "SVC-122",
    spec=SERVICE_DISTRIBUTION,
    level="extended",
    requires=("two_nodes",),
    catches=("service-hints-strict",),
)
def test_without_an_endpoint_nearby_those_elsewhere_answer(
    backends: Backends, cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing, how: str
) -> None:
    """A trafficDistribution is a preference: clients far from all endpoints are answered by those that there are."""
    presume.working(backends)
    with distributed(cluster, backends, how, backends.on_first_node) as served:
        expected = inside(how, served, clients, cluster.families, spread=True)
        assert probe(expected) == expected
