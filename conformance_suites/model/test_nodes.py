"""Nodes and their pods: agents on a node reach pods, and pods reach hostNetwork pods."""

from __future__ import annotations

from conformance_suites.clauses import HOST_NETWORK, NETWORK_MODEL
from conformance_suites.parameters import each_family
from pytest_k8snet.addresses import not_of_node
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Family, Protocol
from pytest_k8snet.probe.questions import other_node, reach, same_node
from pytest_k8snet.probing import Probing
from pytest_k8snet.state import Fleet

TCP_UDP = (Protocol.TCP, Protocol.UDP)


@each_family
@check("MODEL-020", spec=NETWORK_MODEL, level="core", requires=("host_network",), catches=("node-to-pod-dropped",))
def test_a_node_reaches_its_own_pods(cluster: Cluster, fleet: Fleet, probe: Probing, family: Family) -> None:
    """Agents on a node, such as the kubelet, reach all pods on that node."""
    hosts = cluster.with_family(fleet.host_pods, family)
    expected = reach("node to its pods", hosts, fleet.pods, family, TCP_UDP, which=same_node)
    assert probe(expected) == expected


@each_family
@check(
    "MODEL-021",
    spec=NETWORK_MODEL,
    level="core",
    requires=("host_network", "two_nodes"),
    catches=("missing-route",),
)
def test_a_node_reaches_the_pods_of_other_nodes(cluster: Cluster, fleet: Fleet, probe: Probing, family: Family) -> None:
    """Pods in the host network of a node reach all pods on all nodes without NAT on the pod's side."""
    hosts = cluster.with_family(fleet.host_pods, family)
    expected = reach("node to pods elsewhere", hosts, fleet.pods, family, TCP_UDP, which=other_node)
    assert probe(expected) == expected


@each_family
@check("MODEL-022", spec=NETWORK_MODEL, level="core", requires=("host_network",), catches=("pod-to-node-dropped",))
def test_a_pod_reaches_its_own_node(cluster: Cluster, fleet: Fleet, probe: Probing, family: Family) -> None:
    """A pod reaches a hostNetwork pod of its own node at the node's address."""
    hosts = cluster.with_family(fleet.host_pods, family)
    expected = reach("pod to its node", fleet.pods, hosts, family, TCP_UDP, which=same_node)
    assert probe(expected) == expected


@each_family
@check(
    "MODEL-023",
    spec=NETWORK_MODEL,
    level="core",
    requires=("host_network", "two_nodes"),
    catches=("missing-route",),
)
def test_a_pod_reaches_other_nodes(cluster: Cluster, fleet: Fleet, probe: Probing, family: Family) -> None:
    """A pod reaches a hostNetwork pod of another node at that node's address."""
    hosts = cluster.with_family(fleet.host_pods, family)
    expected = reach("pod to other nodes", fleet.pods, hosts, family, TCP_UDP, which=other_node)
    assert probe(expected) == expected


@each_family
@check(
    "MODEL-024",
    spec=HOST_NETWORK,
    level="core",
    requires=("host_network", "two_nodes"),
    catches=("host-network-isolated",),
)
def test_host_network_pods_reach_each_other(cluster: Cluster, fleet: Fleet, probe: Probing, family: Family) -> None:
    """hostNetwork pods reach each other across nodes."""
    hosts = cluster.with_family(fleet.host_pods, family)
    expected = reach("node to node", hosts, hosts, family, TCP_UDP)
    assert probe(expected) == expected


@check(
    "MODEL-025", spec=HOST_NETWORK, level="core", requires=("host_network",), catches=("host-network-address-wrong",)
)
def test_a_host_network_pod_has_the_address_of_its_node(cluster: Cluster, fleet: Fleet) -> None:
    """A hostNetwork pod's addresses are its node's."""
    assert not_of_node(cluster.now(fleet.host_pods), cluster.nodes) == {}
