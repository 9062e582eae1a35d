"""Node ports: the same number on every node, for those inside and outside."""

from __future__ import annotations

from conformance_suites.clauses import SERVICE_NODE_PORT, VIRTUAL_IPS
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.probe.observation import Family, Pod, Protocol
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import alive, merged, through
from pytest_k8snet.services.served import service
from pytest_k8snet.services.vantage import seen_by_nodes


@each_family
@check("SVC-040", spec=SERVICE_NODE_PORT, level="core", catches=("nodeport-missing-on-one-node",))
def test_a_node_port_answers_pods_on_every_node(
    backends: Backends,
    cluster: Cluster,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
    family: Family,
) -> None:
    """A pod on any node reaches a NodePort Service at the address of any node, for TCP and UDP."""
    with backends.service(type="NodePort") as served:
        presume.plain(served, backends.all.pods, family)
        presume.nodes(clients, family)
        doors = served.at_nodes(cluster.node_addresses(family))
        expected = through("node ports, by pods", served, clients, doors, tries=4)
        assert probe(expected) == expected


@each_family
@check(
    "SVC-041",
    spec=SERVICE_NODE_PORT,
    level="core",
    requires=("host_network",),
    catches=("nodeport-missing-on-one-node",),
)
def test_a_node_port_answers_nodes_on_every_node(
    backends: Backends,
    cluster: Cluster,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
    family: Family,
) -> None:
    """A node reaches a NodePort Service at its own address and at that of any other node."""
    hosts = cluster.with_family(cluster.fleet.host_pods, family)
    with backends.service(type="NodePort") as served:
        presume.reached(hosts, backends.all.pods, family)
        presume.served(served, clients, family)
        presume.nodes(hosts, family)
        doors = served.at_nodes(cluster.node_addresses(family))
        expected = through("node ports, by nodes", served, hosts, doors, tries=4)
        assert probe(expected) == expected


@each_family
@check(
    "SVC-042",
    spec=SERVICE_NODE_PORT,
    level="core",
    requires=("outside",),
    catches=(
        "nodeport-missing-on-one-node",
        "service-external-cluster-local-only",
        "service-single-endpoint",
        "service-endpoint-unused",
    ),
)
def test_a_node_port_answers_outside_on_every_node_by_every_endpoint(
    backends: Backends, cluster: Cluster, presume: Presumption, probe: Probing, family: Family
) -> None:
    """From outside each node leads to all endpoints of a NodePort Service, those on other nodes as well."""
    with backends.service(type="NodePort") as served:
        presume.plain(served, backends.all.pods, family)
        seen_by_nodes(cluster, family)
        doors = served.at_nodes(cluster.node_addresses(family))
        expected = through("node ports, from outside", served, [cluster.outside], doors, spread=True)
        assert probe(expected) == expected


@each_family
@check("SVC-043", spec=VIRTUAL_IPS, level="extended", catches=("service-no-reject",))
def test_a_node_port_without_endpoints_does_not_leave_clients_hanging(
    backends: Backends,
    cluster: Cluster,
    own_namespace: Namespace,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
    family: Family,
) -> None:
    """A TCP connection to a node port of a Service without endpoints is refused at once."""
    presume.working(backends)
    presume.nodes(clients, family)
    pod = own_namespace.pod("beside-1")
    with service(own_namespace, "nobody", {"k8snet.io/behind": "yes"}, (), type="NodePort") as served:
        doors = served.at_nodes(cluster.node_addresses(family), [Protocol.TCP])
        refused = through("refused", served, clients, doors, may_hang=False, target=pod)
        expected = merged("node ports without endpoints", alive(clients, pod, family), refused)
        assert probe.insisting(expected) == expected
