"""How packets travel between nodes, by packets that were captured: in one way, and with room for what is added."""

from __future__ import annotations

import pytest

from conformance_suites.clauses import NETWORK_PLUGIN_MTU
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.measure.encapsulation.evidence import Way
from pytest_k8snet.measure.encapsulation.hints import larger_mtu, without_encapsulation
from pytest_k8snet.measure.mtu.interfaces import of_nodes, of_pods
from pytest_k8snet.measure.mtu.paths import working_pairs
from pytest_k8snet.probe.observation import Family
from pytest_k8snet.probing import Probing

NEEDS = ("capture", "host_network", "two_nodes")


@pytest.fixture
def ways(cluster: Cluster, probe: Probing, family: Family) -> list[Way]:
    """Return how packets travel from each node to each other; without scapy they cannot be read."""
    pytest.importorskip("scapy", reason="scapy is not installed: pip install 'pytest-k8snet[scapy]'")
    from pytest_k8snet.measure.encapsulation.ways import Watch, one_pair_of_each_two_nodes

    watch = Watch(cluster, probe)
    found = [watch.way(pair, family) for pair in one_pair_of_each_two_nodes(working_pairs(cluster, probe, family))]
    probe.show("seen in captured packets", "\n".join(str(way) for way in found))
    return found


@each_family
@check("PERF-110", spec=NETWORK_PLUGIN_MTU, level="extended", requires=NEEDS, catches=("one-pair-encapsulated",))
def test_packets_travel_in_one_way_between_all_nodes(
    cluster: Cluster, probe: Probing, ways: list[Way], family: Family
) -> None:
    """Packets between pods travel by route, or in the same encapsulation, whichever two nodes it is."""
    kinds = {way.kind for way in ways}
    probe.note(f"between nodes: {' and '.join(sorted(kinds))}")
    if hint := without_encapsulation(cluster, probe, ways, family):
        probe.note(hint)
    assert len(kinds) == 1, "\n".join(str(way) for way in ways)


@each_family
@check(
    "PERF-111",
    spec=NETWORK_PLUGIN_MTU,
    level="extended",
    requires=NEEDS,
    catches=("one-pair-encapsulated", "node-mtu-of-one-node"),
)
def test_the_mtu_of_pods_leaves_room_for_what_is_added(
    cluster: Cluster, probe: Probing, ways: list[Way], family: Family
) -> None:
    """A packet of the pods' MTU and what is added around it fit into the MTU of the nodes."""
    node_mtu = min(one.mtu for one in of_nodes(cluster, probe).values())
    pod_mtus = {one.mtu for one in of_pods(cluster, probe).values()}
    if hint := larger_mtu(ways, min(pod_mtus), node_mtu):
        probe.note(f"what is added leaves room for more: {hint}")
    assert [str(way) for way in ways if max(pod_mtus) + way.added > node_mtu] == []
