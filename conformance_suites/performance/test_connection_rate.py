"""How many new connections pods open in a second, beside their nodes."""

from __future__ import annotations

from conformance_suites.clauses import NETWORK_LATENCY
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.measure.latency.connections import RATE_LIMIT, Connecting
from pytest_k8snet.measure.latency.judging import shorter
from pytest_k8snet.measure.latency.paths import Places
from pytest_k8snet.measure.rounds import judge
from pytest_k8snet.measuring import Measuring
from pytest_k8snet.probe.observation import Family
from pytest_k8snet.probing import Probing


@each_family
@check(
    "PERF-123",
    spec=NETWORK_LATENCY,
    level="performance",
    requires=("host_network", "two_nodes"),
    catches=("path-delayed",),
)
def test_pods_open_connections_as_quickly_as_nodes(
    cluster: Cluster, latency_places: Places, measure: Measuring, probe: Probing, family: Family
) -> None:
    """Pods open at least a third as many connections in a second, to pods and to a Service, as their nodes do."""
    latency_places.demand_working(cluster, probe, family)
    prober, plan = cluster.attachment.prober, shorter(measure.plan)
    reference, *others = (Connecting(path) for path in latency_places.paths(family))
    arms = {one.path.name: lambda _, one=one: one.rate(prober, plan.seconds) for one in others}
    limits = dict.fromkeys(arms, RATE_LIMIT)
    judged = judge(arms, lambda _: reference.rate(prober, plan.seconds), limits, plan)
    measure.note(f"at most {reference.bounded} connections in each measurement, {reference.opened} between the nodes")
    if busy := [one.path.name for one in (reference, *others) if one.busy]:
        measure.note(f"the agent itself was busy all the time, so there may be room for more: {', '.join(busy)}")
    assert measure.beyond_limits(list(judged.values()), unit="1/s", against=reference.path.name) == []
