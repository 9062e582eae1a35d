"""Whether what is measured on this cluster can be judged at all."""

from __future__ import annotations

from conformance_suites.clauses import NETWORK_LATENCY
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.measure.fitness import fitness_of
from pytest_k8snet.measure.requests import SIZE, request_time
from pytest_k8snet.measure.rounds import judge
from pytest_k8snet.measure.verdict import Limit, Verdict
from pytest_k8snet.measuring import Measuring

ALIKE = Limit(2, "same")
SECONDS = 0.2


@check("PERF-001", spec=NETWORK_LATENCY, level="performance", requires=("two_nodes",), catches=("pod-link-slow",))
def test_twins_are_served_alike(measure: Measuring, cluster: Cluster) -> None:
    """Two pairs of pods on the same two nodes are equally fast, where one pair measured twice is as fast as itself."""
    (first, twin), (other, others_twin) = (
        [pod for pod in cluster.fleet.pods if pod.node == node.name] for node in cluster.nodes[:2]
    )
    prober = cluster.attachment.prober
    seconds = min(SECONDS, measure.plan.seconds)
    pair, twins = (request_time(prober, *ends, seconds) for ends in ((first, other), (twin, others_twin)))

    judged = judge(
        {"itself": pair, "its twins": twins}, pair, dict.fromkeys(("itself", "its twins"), ALIKE), measure.plan
    )
    against = f"{first.name} -> {other.name}, {SIZE} bytes and as many back"
    fitness = fitness_of(judged["itself"], measure.plan)
    measure.record(judged["itself"], unit="ms", against=against)
    measure.figure("false alarms in runs with this noise", round(100 * fitness.false_alarms, 1), "%")
    measure.figure("no verdict in runs with this noise", round(100 * fitness.undecided, 1), "%")
    if judged["its twins"].verdict is not Verdict.FAIL or not fitness.trusted:
        measure.demand_fitness(fitness)
    verdict = measure.decided(judged["its twins"], unit="ms", against=against)
    assert verdict.verdict is Verdict.PASS, verdict.explain()
