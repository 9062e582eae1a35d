"""What is declared is reachable from outside, and nothing else."""

from __future__ import annotations

from conformance_suites.clauses import NETWORK_MODEL, POD_PORTS
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Family, Protocol
from pytest_k8snet.probe.questions import at_host_port, not_through, reach, same_node
from pytest_k8snet.probing import Probing
from pytest_k8snet.state import Fleet

TCP_UDP = (Protocol.TCP, Protocol.UDP)


@each_family
@check(
    "MODEL-050",
    spec=POD_PORTS,
    level="extended",
    requires=("host_port", "two_nodes"),
    catches=("hostport-missing", "hostport-wrong-pod"),
)
def test_a_host_port_answers_at_the_address_of_its_node(
    cluster: Cluster, fleet: Fleet, probe: Probing, family: Family
) -> None:
    """A hostPort forwards to its pod, for pods of other nodes."""
    target, port = cluster.host_port
    address = cluster.node(target.node).address(family)
    expected = at_host_port("hostPort", fleet.pods, target, address, port)
    expected = probe.on_working_paths(expected)
    assert probe(expected) == expected


@each_family
@check("MODEL-051", spec=NETWORK_MODEL, level="core", requires=("outside",), catches=("pod-exposed-outside",))
def test_nothing_undeclared_is_reachable_from_outside(
    cluster: Cluster, fleet: Fleet, probe: Probing, family: Family
) -> None:
    """Pods that declare nothing are not reachable from outside at the addresses of nodes."""
    source, hosts = cluster.outside, cluster.with_family(fleet.host_pods, family)
    alive = reach("the host outside reaches nodes", [source], hosts, family, TCP_UDP)
    serving = reach("the pods serve", fleet.pods, fleet.pods, family, TCP_UDP, which=same_node)
    expected = not_through("from outside", source, cluster.node_addresses(family), fleet.pods, (alive, serving))
    expected = probe.on_working_paths(expected)
    assert probe(expected) == expected


@each_family
@check("MODEL-052", spec=NETWORK_MODEL, level="core", requires=("two_nodes",), catches=("pod-exposed-outside",))
def test_nothing_undeclared_is_reachable_through_a_node(
    cluster: Cluster, fleet: Fleet, probe: Probing, family: Family
) -> None:
    """Pods that declare nothing are not reachable by other pods at the addresses of nodes either."""
    source = fleet.pods[0]
    serving = reach("the pods serve", fleet.pods, fleet.pods, family, TCP_UDP, which=same_node)
    expected = not_through("through a node", source, cluster.node_addresses(family), fleet.pods, (serving,))
    expected = probe.on_working_paths(expected)
    assert probe(expected) == expected
