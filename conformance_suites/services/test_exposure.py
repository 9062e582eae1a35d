"""Who can reach what from where: each way to a pod, for those in pods, on nodes and outside the cluster."""

from __future__ import annotations

from conformance_suites.clauses import (
    HOST_NETWORK,
    POD_PORTS,
    SERVICE_CLUSTER_IP,
    SERVICE_LOAD_BALANCER,
    SERVICE_NODE_PORT,
)
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.exposure import Exposure
from pytest_k8snet.services.presumed import Presumption

EVERYWHERE = ("outside", "host_network")


@each_family
@check("EXP-001", spec=HOST_NETWORK, level="core", requires=EVERYWHERE, catches=("host-network-unreached-outside",))
def test_a_host_network_pod_is_reached_from_everywhere(
    cluster: Cluster, presume: Presumption, probe: Probing, family: Family
) -> None:
    """A hostNetwork pod is reached at its node's address from outside, as it is from pods and nodes."""
    expected = Exposure(cluster, family).of_host_network()
    presume.holds(Exposure(cluster, family).inside_only(expected), "MODEL-020 to 024")
    assert probe(expected) == expected


@each_family
@check(
    "EXP-002",
    spec=POD_PORTS,
    level="extended",
    requires=(*EVERYWHERE, "host_port"),
    catches=("hostport-missing", "hostport-wrong-pod"),
)
def test_a_host_port_is_reached_from_everywhere(
    cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing, family: Family
) -> None:
    """A hostPort is reached at its node's address from outside, from pods and from nodes."""
    exposure = Exposure(cluster, family)
    presume.reached(clients, [cluster.host_port[0]], family)
    presume.holds(exposure.of_host_network(), "EXP-001")
    expected = exposure.of_host_port()
    assert probe(expected) == expected


@each_family
@check(
    "EXP-003",
    spec=SERVICE_NODE_PORT,
    level="core",
    requires=EVERYWHERE,
    catches=("nodeport-missing-on-one-node",),
)
def test_a_node_port_is_reached_from_everywhere(
    backends: Backends, cluster: Cluster, presume: Presumption, probe: Probing, family: Family
) -> None:
    """A NodePort Service is reached at every node from outside, from pods and from nodes."""
    exposure = Exposure(cluster, family)
    with backends.service(type="NodePort") as served:
        presume.plain(served, backends.all.pods)
        presume.holds(exposure.of_host_network(), "EXP-001")
        expected = exposure.of_service("node port", served, served.at_nodes(cluster.node_addresses(family)))
        assert probe(expected) == expected


@each_family
@check(
    "EXP-004",
    spec=SERVICE_LOAD_BALANCER,
    level="extended",
    requires=(*EVERYWHERE, "load_balancer"),
    catches=("service-balancer-unserved", "service-change-lost"),
)
def test_a_load_balancer_is_reached_from_everywhere(
    backends: Backends, cluster: Cluster, presume: Presumption, probe: Probing, family: Family
) -> None:
    """A LoadBalancer Service is reached at its address from outside, from pods and from nodes."""
    exposure = Exposure(cluster, family)
    with backends.service(type="LoadBalancer") as served:
        presume.plain(served, backends.all.pods)
        presume.holds(exposure.of_host_network(), "EXP-001")
        expected = exposure.of_service("load balancer", *exposure.balanced(backends.namespace, served))
        assert probe(expected) == expected


@each_family
@check(
    "EXP-005",
    spec=SERVICE_CLUSTER_IP,
    level="core",
    requires=EVERYWHERE,
    catches=("cluster-address-exposed-outside",),
)
def test_a_cluster_address_is_reached_inside_only(
    backends: Backends, cluster: Cluster, presume: Presumption, probe: Probing, family: Family
) -> None:
    """A ClusterIP Service is reached from pods and nodes, and not from outside."""
    exposure = Exposure(cluster, family)
    with backends.service() as served:
        presume.plain(served, backends.all.pods)
        presume.holds(exposure.of_host_network(), "EXP-001")
        expected = exposure.of_service("cluster address", served, served.inside(family), target=backends.all.pods[0])
        assert probe(expected) == expected


@each_family
@check("EXP-006", spec=SERVICE_CLUSTER_IP, level="core", requires=EVERYWHERE, catches=("service-open-on-nodes",))
def test_a_cluster_service_opens_nothing_on_nodes(
    backends: Backends, cluster: Cluster, presume: Presumption, probe: Probing, family: Family
) -> None:
    """The port of a ClusterIP Service is not open at the addresses of nodes, for nobody."""
    exposure = Exposure(cluster, family)
    with backends.service(ports=exposure.unusual_ports()) as served:
        presume.plain(served, backends.all.pods)
        presume.holds(exposure.of_host_network(), "EXP-001")
        expected = exposure.not_on_nodes(served, backends.all.pods[0])
        assert probe(expected) == expected
