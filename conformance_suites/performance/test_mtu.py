"""The MTU of pods, of nodes and of the paths between them: one size everywhere, and no black hole."""

from __future__ import annotations

from conformance_suites.clauses import MTU_BLACK_HOLES, NETWORK_PLUGIN_MTU
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.measure.mtu.interfaces import of_nodes, of_pods, unlike_most
from pytest_k8snet.measure.mtu.overhead import explained, gain
from pytest_k8snet.measure.mtu.paths import End, path_mtus, working_pairs
from pytest_k8snet.probe.observation import Family
from pytest_k8snet.probing import Probing


@check("PERF-100", spec=NETWORK_PLUGIN_MTU, level="extended", requires=("two_nodes",), catches=("pod-mtu-of-one-node",))
def test_pods_have_the_same_mtu_on_every_node(cluster: Cluster, probe: Probing) -> None:
    """The interfaces of pods have one MTU, on whichever node they are."""
    interfaces = of_pods(cluster, probe)
    for node, mtu in sorted({(one.node, one.mtu) for one in interfaces.values()}):
        probe.measured(f"MTU of pods on {node}", mtu, "bytes")
    smallest, largest = (choose(one.mtu for one in interfaces.values()) for choose in (min, max))
    if hint := gain(smallest, largest):
        probe.note(f"with the larger MTU on every node: {hint}; the smaller one is used by every TCP connection to it")
    assert unlike_most(interfaces) == []


@check(
    "PERF-101",
    spec=NETWORK_PLUGIN_MTU,
    level="extended",
    requires=("host_network", "two_nodes"),
    catches=("node-mtu-of-one-node",),
)
def test_nodes_have_the_same_mtu_and_pods_fit_into_it(cluster: Cluster, probe: Probing) -> None:
    """The interfaces that nodes reach each other by have one MTU, and that of pods is not larger."""
    nodes, pods = of_nodes(cluster, probe), of_pods(cluster, probe)
    for interface in nodes.values():
        probe.measured(f"MTU of {interface.node}", interface.mtu, "bytes")
    node_mtu, pod_mtu = (min(one.mtu for one in interfaces.values()) for interfaces in (nodes, pods))
    probe.note(f"the MTU of pods is {pod_mtu}: {explained(node_mtu, pod_mtu)}")
    assert unlike_most(nodes) == []
    assert [str(one) for one in pods.values() if one.mtu > node_mtu] == []


@each_family
@check(
    "PERF-102",
    spec=MTU_BLACK_HOLES,
    level="extended",
    catches=("wrong-mtu", "node-mtu-of-one-node", "too-long-swallowed", "jumbo-black-hole"),
)
def test_no_path_between_pods_is_a_black_hole(cluster: Cluster, probe: Probing, family: Family) -> None:
    """A packet with DF of any size that the sender's interface takes arrives, or a router says what size would."""
    interfaces = {pod: one.mtu for pod, one in of_pods(cluster, probe).items()}
    pairs = working_pairs(cluster, probe, family)
    paths = path_mtus(cluster.attachment.prober, pairs, interfaces, family)
    for path in paths:
        probe.measured(f"path MTU {path.name}", path.mtu, "bytes")
    if told := [str(path) for path in paths if path.end is End.TOLD]:
        probe.note("narrower than the sender's interface, so that TCP finds out by losing packets:\n" + "\n".join(told))
    assert [str(path) for path in paths if path.end is End.SWALLOWED] == []
