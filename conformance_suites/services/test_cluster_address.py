"""The cluster address of a Service: reached from everywhere in the cluster, answered by its endpoints."""

from __future__ import annotations

from conformance_suites.clauses import SERVICE_CLUSTER_IP, SERVICE_DEFINED, SERVICE_HAIRPIN, SERVICE_SOURCE, VIRTUAL_IPS
from conformance_suites.parameters import each_family, each_transport
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Family, Pod, Protocol
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import own_address, through
from pytest_k8snet.state import Fleet

UNSERVED = (
    "service-wrong-backend",
    "service-udp-unserved",
    "service-ipv6-unserved",
    "service-missing-on-one-node",
    "service-new-lost",
    "endpoints-new-pods-missing",
)


@each_family
@each_transport
@check("SVC-001", spec=SERVICE_CLUSTER_IP, level="core", catches=UNSERVED)
def test_pods_of_every_node_reach_a_service(
    backends: Backends, fleet: Fleet, presume: Presumption, probe: Probing, family: Family, protocol: Protocol
) -> None:
    """A pod on any node reaches a Service at its cluster address, and one of its endpoints answers."""
    presume.reached(fleet.pods, backends.all.pods, family, [protocol])
    with backends.service() as served:
        expected = through("by pods", served, fleet.pods, served.inside(family, [protocol]), tries=8)
        assert probe(expected) == expected


@each_family
@each_transport
@check("SVC-002", spec=VIRTUAL_IPS, level="core", requires=("host_network",), catches=UNSERVED)
def test_nodes_reach_a_service(
    backends: Backends,
    cluster: Cluster,
    fleet: Fleet,
    presume: Presumption,
    probe: Probing,
    family: Family,
    protocol: Protocol,
) -> None:
    """A hostNetwork pod, and so whatever runs on a node, reaches a Service at its cluster address."""
    hosts = cluster.with_family(fleet.host_pods, family)
    presume.reached(hosts, backends.all.pods, family, [protocol])
    with backends.service() as served:
        expected = through("by nodes", served, hosts, served.inside(family, [protocol]), tries=8)
        assert probe(expected) == expected


@each_family
@each_transport
@check(
    "SVC-003",
    spec=SERVICE_DEFINED,
    level="core",
    catches=(*UNSERVED, "service-single-endpoint", "service-endpoint-unused"),
)
def test_connections_are_spread_over_all_endpoints(
    backends: Backends,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
    family: Family,
    protocol: Protocol,
) -> None:
    """Of many connections from one node every ready endpoint gets some, and nobody else any."""
    presume.reached(clients, backends.all.pods, family, [protocol])
    with backends.service() as served:
        expected = through("spread", served, clients, served.inside(family, [protocol]), spread=True)
        assert probe(expected) == expected


@each_family
@check("SVC-004", spec=SERVICE_SOURCE, level="extended", catches=("service-cluster-address-masqueraded",))
def test_endpoints_see_the_pod_that_asks(
    backends: Backends, clients: tuple[Pod, ...], presume: Presumption, probe: Probing, family: Family
) -> None:
    """What comes to a cluster address from within the cluster keeps its source address."""
    with backends.service() as served:
        presume.plain(served, backends.all.pods, family)
        expected = through("source", served, clients, served.inside(family), tries=8, seen_as=own_address)
        assert probe(expected) == expected


@each_family
@check(
    "SVC-005",
    spec=SERVICE_HAIRPIN,
    level="core",
    catches=("service-hairpin-dropped", "service-single-endpoint"),
)
def test_a_pod_reaches_itself_through_its_service(
    backends: Backends, clients: tuple[Pod, ...], presume: Presumption, probe: Probing, family: Family
) -> None:
    """A pod that asks its own Service is answered by itself as well as by the other endpoints."""
    members = backends.on_first_node.pods
    presume.reached(members, members, family)
    with backends.service(backends.on_first_node) as served:
        presume.served(served, clients, family)
        expected = through("its own Service", served, members, served.inside(family), spread=True)
        assert probe(expected) == expected
