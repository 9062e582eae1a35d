"""TCP between pods, and from pods to Services and nodes, beside TCP between the nodes in the same minutes.

The demanded share is ``--k8snet-least-bandwidth``, a tenth unless told otherwise (docs/decisions/095).
"""

from __future__ import annotations

from conformance_suites.clauses import NETWORK_MODEL, SERVICE_CLUSTER_IP, SERVICE_NODE_PORT
from conformance_suites.parameters import each_family
from conformance_suites.performance.parameters import BETWEEN_NODES, carrying
from pytest_k8snet.checks import check
from pytest_k8snet.measure.iperf3.loads import BOTH_WAYS, ONE_STREAM, REVERSE, SEVERAL
from pytest_k8snet.measure.iperf3.paths import Path
from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.verdict import Verdict

BESIDE_NODES = ("host_network",)


@each_family
@carrying(ONE_STREAM, Path.TWO_NODES)
@check(
    "PERF-010", spec=NETWORK_MODEL, level="performance", requires=BETWEEN_NODES, catches=("pods-between-nodes-slow",)
)
def test_a_stream_between_pods_of_two_nodes(carried: Judged) -> None:
    """A TCP stream between pods of two nodes gets the demanded share of what one between the nodes gets."""
    assert carried.verdict is Verdict.PASS, carried.explain()


@each_family
@carrying(ONE_STREAM, Path.SAME_NODE)
@check("PERF-011", spec=NETWORK_MODEL, level="performance", requires=BESIDE_NODES, catches=("pods-on-a-node-slow",))
def test_a_stream_between_pods_of_one_node(carried: Judged) -> None:
    """A TCP stream between two pods of a node gets the demanded share of what one between two nodes gets."""
    assert carried.verdict is Verdict.PASS, carried.explain()


@each_family
@carrying(ONE_STREAM, Path.CLUSTER_IP)
@check(
    "PERF-012",
    spec=SERVICE_CLUSTER_IP,
    level="performance",
    requires=BETWEEN_NODES,
    catches=("pods-between-nodes-slow", "services-slow"),
)
def test_a_stream_to_a_cluster_address(carried: Judged) -> None:
    """A TCP stream to a pod of another node gets the demanded share also by the Service's ClusterIP."""
    assert carried.verdict is Verdict.PASS, carried.explain()


@each_family
@carrying(ONE_STREAM, Path.NODE_PORT)
@check(
    "PERF-013",
    spec=SERVICE_NODE_PORT,
    level="performance",
    requires=BETWEEN_NODES,
    catches=("services-slow",),
)
def test_a_stream_to_a_node_port(carried: Judged) -> None:
    """A TCP stream to a pod of another node gets the demanded share also by that node's NodePort."""
    assert carried.verdict is Verdict.PASS, carried.explain()


@each_family
@carrying(ONE_STREAM, Path.TO_HOST)
@check("PERF-014", spec=NETWORK_MODEL, level="performance", requires=BETWEEN_NODES, catches=("pods-to-nodes-slow",))
def test_a_stream_to_a_host_network_pod(carried: Judged) -> None:
    """A TCP stream from a pod to a hostNetwork pod of another node gets the demanded share."""
    assert carried.verdict is Verdict.PASS, carried.explain()


@each_family
@carrying(REVERSE, Path.TWO_NODES)
@check(
    "PERF-015",
    spec=NETWORK_MODEL,
    level="performance",
    requires=BETWEEN_NODES,
    catches=("pods-between-nodes-slow", "pods-slow-one-way"),
)
def test_a_stream_back_between_pods_of_two_nodes(carried: Judged) -> None:
    """A TCP stream between pods gets the demanded share also when the server sends."""
    assert carried.verdict is Verdict.PASS, carried.explain()


@each_family
@carrying(SEVERAL, Path.TWO_NODES)
@check(
    "PERF-016", spec=NETWORK_MODEL, level="performance", requires=BETWEEN_NODES, catches=("pods-between-nodes-slow",)
)
def test_several_streams_between_pods_of_two_nodes(carried: Judged) -> None:
    """Four TCP streams between two pods get together the demanded share of what four between the nodes get."""
    assert carried.verdict is Verdict.PASS, carried.explain()


@each_family
@carrying(BOTH_WAYS, Path.TWO_NODES)
@check(
    "PERF-017",
    spec=NETWORK_MODEL,
    level="performance",
    requires=BETWEEN_NODES,
    catches=("pods-between-nodes-slow", "pods-slow-one-way"),
)
def test_streams_both_ways_at_once(carried: Judged) -> None:
    """While both pods send, the slower direction gets the demanded share of that between the nodes."""
    assert carried.verdict is Verdict.PASS, carried.explain()
