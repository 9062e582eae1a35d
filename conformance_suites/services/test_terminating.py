"""Endpoints that terminate: in use where there is no other, and otherwise left alone without a request being lost."""

from __future__ import annotations

from conformance_suites.clauses import ROLLING_UPDATE, SERVICE_TERMINATING
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.probe.observation import Pod, Protocol
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import NEW_ONLY, inside, through
from pytest_k8snet.services.rollout import Rollout
from pytest_k8snet.services.served import service

BEHIND = {"k8snet.io/behind": "yes"}
DRAIN_SECONDS = 25
ROLLOUT_DRAIN_SECONDS = 4


@check("SVC-070", spec=SERVICE_TERMINATING, level="extended", catches=("service-terminating-unused",))
def test_terminating_endpoints_serve_when_there_are_no_others(
    cluster: Cluster, own_namespace: Namespace, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """When all endpoints terminate, those that still serve go on getting connections."""
    pod = own_namespace.pod("leaving-1", labels=BEHIND, drain=DRAIN_SECONDS)
    with service(own_namespace, "leaving", BEHIND, [pod]) as served:
        presume.plain(served, [pod])
        own_namespace.end(pod, grace=DRAIN_SECONDS)
        expected = inside("terminating", served.behind(pod, ready=False, terminating=True), clients, cluster.families)
        assert probe(expected) == expected


@check(
    "SVC-071",
    spec=SERVICE_TERMINATING,
    level="core",
    catches=("service-terminating-used", "service-stale-endpoint", "endpoints-out-of-order"),
)
def test_terminating_endpoints_get_nothing_beside_one_that_is_ready(
    cluster: Cluster, own_namespace: Namespace, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """While an endpoint terminates, new connections go to those that are ready, although it would still serve."""
    leaving, staying = own_namespace.replicas("beside", labels=BEHIND, drain=DRAIN_SECONDS)
    with service(own_namespace, "leaving", BEHIND, [leaving, staying]) as served:
        presume.plain(served, [leaving, staying])
        own_namespace.end(leaving, grace=DRAIN_SECONDS)
        expected = inside(
            "the one that is ready", served.behind(staying), clients, cluster.families, tries=16, protocols=NEW_ONLY
        )
        assert probe.timed("a terminating pod gets no connections", expected) == expected


@check(
    "SVC-072",
    spec=ROLLING_UPDATE,
    level="extended",
    catches=("service-stale-endpoint",),
)
def test_a_rolling_update_loses_no_request(
    backends: Backends,
    cluster: Cluster,
    own_namespace: Namespace,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
) -> None:
    """While a Deployment is updated whose pods end in order, every request to its Service is answered."""
    presume.working(backends)
    rollout = Rollout(cluster, own_namespace, "rolled", BEHIND, drain=ROLLOUT_DRAIN_SECONDS)
    with service(own_namespace, "rolled", BEHIND, ()) as served:
        pods = rollout.start()
        for family in cluster.families:
            presume.reached(clients, pods, family)
        plain = inside("before the update", served.behind(*pods), clients, cluster.families)
        assert probe(plain) == plain
        doors = [door for family in cluster.families for door in served.inside(family, [Protocol.TCP])]
        assert rollout.lost_requests(probe, doors, clients) == []


@check(
    "SVC-073",
    spec=ROLLING_UPDATE,
    level="extended",
    catches=("service-stale-endpoint", "service-external-cluster-local-only"),
)
def test_a_rolling_update_loses_no_request_at_node_ports(
    backends: Backends,
    cluster: Cluster,
    own_namespace: Namespace,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
) -> None:
    """While a Deployment is updated whose pods end in order, every request to its node ports is answered."""
    presume.working(backends)
    rollout = Rollout(cluster, own_namespace, "replaced", BEHIND, drain=ROLLOUT_DRAIN_SECONDS)
    with service(own_namespace, "replaced", BEHIND, (), type="NodePort") as served:
        pods = rollout.start()
        doors = []
        for family in cluster.families:
            presume.reached(clients, pods, family)
            presume.nodes(clients, family)
            doors += served.at_nodes(cluster.node_addresses(family), [Protocol.TCP])
        presume.holds(through("before the update", served.behind(*pods), clients, doors), "SVC-040")
        assert rollout.lost_requests(probe, doors, clients) == []
