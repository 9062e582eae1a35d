"""TCP between pods of every two nodes, beside TCP between these nodes in the same minutes."""

from __future__ import annotations

import pytest

from conformance_suites.clauses import NETWORK_MODEL
from conformance_suites.parameters import each_family
from conformance_suites.performance.parameters import BETWEEN_NODES
from pytest_k8snet.checks import check
from pytest_k8snet.measure.iperf3.bandwidth import Bandwidth
from pytest_k8snet.measure.iperf3.loads import ONE_STREAM
from pytest_k8snet.measure.iperf3.pairs import of_nodes, of_pods, slower_than_peers
from pytest_k8snet.measuring import Measuring
from pytest_k8snet.probe.observation import Family


@each_family
@check(
    "PERF-018",
    spec=NETWORK_MODEL,
    level="performance",
    requires=BETWEEN_NODES,
    catches=("pods-between-nodes-slow", "pods-on-a-node-slow", "pods-slow-one-way"),
)
def test_a_stream_between_pods_of_every_two_nodes(bandwidth: Bandwidth, measure: Measuring, family: Family) -> None:
    """A TCP stream between pods of each two nodes, and of each node, gets the demanded share of the nodes' own.

    Measured are the first nodes only, as many as the profile says (``profiles.Measuring.pairs_of``): the pairs grow
    with the square of their number. The profile smoke has no time for any.
    """
    nodes = bandwidth.nodes_of(family)
    if len(nodes) < 2:
        pytest.skip(f"fewer than two nodes have an {family} address")
    if not measure.pairs_of:
        pytest.skip("this profile has no time for all pairs of nodes: --k8snet-profile standard or nightly")
    found = bandwidth.between(nodes[: measure.pairs_of], family)

    pods, themselves = of_pods(found), of_nodes(found)
    against = f"{ONE_STREAM} between nodes themselves, {family}"
    measure.matrix(f"{ONE_STREAM} between pods, {family}", "bit/s", "higher", pods)
    measure.matrix(against, "bit/s", "higher", themselves)
    for note in slower_than_peers(pods, themselves):
        measure.note(note)
    assert measure.beyond_limits([one.judged for one in found], unit="bit/s", against=against) == []
