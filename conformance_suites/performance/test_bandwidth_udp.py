"""UDP at a rate that any network carries, beside the same between the nodes: what is lost."""

from __future__ import annotations

from conformance_suites.clauses import NETWORK_MODEL, SERVICE_CLUSTER_IP
from conformance_suites.parameters import each_family
from conformance_suites.performance.parameters import BETWEEN_NODES, carrying
from pytest_k8snet.checks import check
from pytest_k8snet.measure.iperf3.loads import DATAGRAMS
from pytest_k8snet.measure.iperf3.paths import Path
from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.verdict import Verdict

LOSSY = ("pods-lossy",)


@each_family
@carrying(DATAGRAMS, Path.TWO_NODES)
@check("PERF-020", spec=NETWORK_MODEL, level="performance", requires=BETWEEN_NODES, catches=LOSSY)
def test_datagrams_between_pods_of_two_nodes(carried: Judged) -> None:
    """Of 20 Mbit/s of UDP between pods of two nodes as much arrives as between the nodes."""
    assert carried.verdict is Verdict.PASS, carried.explain()


@each_family
@carrying(DATAGRAMS, Path.SAME_NODE)
@check("PERF-021", spec=NETWORK_MODEL, level="performance", requires=("host_network",), catches=LOSSY)
def test_datagrams_between_pods_of_one_node(carried: Judged) -> None:
    """Of 20 Mbit/s of UDP between two pods of a node as much arrives as between two nodes."""
    assert carried.verdict is Verdict.PASS, carried.explain()


@each_family
@carrying(DATAGRAMS, Path.CLUSTER_IP)
@check("PERF-022", spec=SERVICE_CLUSTER_IP, level="performance", requires=BETWEEN_NODES, catches=LOSSY)
def test_datagrams_to_a_cluster_address(carried: Judged) -> None:
    """Of 20 Mbit/s of UDP to a Service's ClusterIP as much arrives as between the nodes."""
    assert carried.verdict is Verdict.PASS, carried.explain()
