"""Endpoints follow their pods: those that come and go, and are selected or not."""

from __future__ import annotations

from conformance_suites.clauses import ENDPOINT_SLICES, SERVICE_DEFINED, VIRTUAL_IPS
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.probe.observation import Pod, Protocol
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import NEW_ONLY, inside
from pytest_k8snet.services.served import service

BEHIND = {"k8snet.io/behind": "yes"}


@check(
    "SVC-010",
    spec=ENDPOINT_SLICES,
    level="core",
    catches=("service-single-endpoint", "endpoints-out-of-order"),
)
def test_a_new_pod_gets_connections(
    backends: Backends,
    cluster: Cluster,
    own_namespace: Namespace,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
) -> None:
    """A pod that becomes Ready gets its share of the connections to a Service that selects it."""
    presume.working(backends)
    with service(own_namespace, "growing", BEHIND, ()) as served:
        first = own_namespace.pod("grown-1", cluster.nodes[0].name, labels=BEHIND)
        second = own_namespace.pod("grown-2", cluster.nodes[-1].name, labels=BEHIND)
        for family in cluster.families:
            presume.reached(clients, [first, second], family)
        expected = inside("two new pods", served.behind(first, second), clients, cluster.families, spread=True)
        assert probe.timed("new pods get connections", expected) == expected


@check("SVC-011", spec=ENDPOINT_SLICES, level="core", catches=("service-stale-endpoint",))
def test_a_deleted_pod_gets_no_connections_any_more(
    cluster: Cluster, own_namespace: Namespace, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """Once a pod is gone, all connections to its Service are answered by those that are left."""
    kept, doomed = own_namespace.replicas("shrunk", labels=BEHIND)
    with service(own_namespace, "shrinking", BEHIND, [kept, doomed]) as served:
        presume.plain(served, [kept, doomed])
        own_namespace.delete(doomed)
        expected = inside(
            "the pod that is left", served.behind(kept), clients, cluster.families, tries=16, protocols=NEW_ONLY
        )
        assert probe.timed("a deleted pod gets no connections", expected) == expected


@check(
    "SVC-013",
    spec=SERVICE_DEFINED,
    level="core",
    catches=("endpoints-relabelled-kept", "service-stale-endpoint"),
)
def test_a_pod_is_behind_a_service_while_its_labels_match(
    cluster: Cluster, own_namespace: Namespace, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """A pod whose labels do not match the selector any more gets no connections; one whose labels do, does."""
    nodes = cluster.nodes
    leaving = own_namespace.pod("labelled-1", nodes[0].name, labels=BEHIND)
    coming = own_namespace.pod("labelled-2", nodes[-1].name)
    with service(own_namespace, "labels", BEHIND, [leaving]) as served:
        presume.plain(served, [leaving, coming])
        own_namespace.label(leaving, **dict.fromkeys(BEHIND))
        own_namespace.label(coming, **BEHIND)
        expected = inside(
            "the other pod", served.behind(coming), clients, cluster.families, tries=16, protocols=NEW_ONLY
        )
        assert probe.timed("labels count", expected) == expected


@check(
    "SVC-014",
    spec=VIRTUAL_IPS,
    level="core",
    catches=("endpoints-relabelled-kept", "service-stale-endpoint"),
)
def test_without_an_endpoint_nobody_answers(
    cluster: Cluster, own_namespace: Namespace, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """A Service without endpoints is answered by nobody, and answers again when it has one again."""
    pod = own_namespace.pod("only-1", labels=BEHIND)
    with service(own_namespace, "emptied", BEHIND, [pod]) as served:
        presume.plain(served, [pod])
        full = inside("with one endpoint", served, clients, cluster.families)
        empty = inside("without endpoints", served.behind(), clients, cluster.families, target=pod)
        own_namespace.label(pod, **dict.fromkeys(BEHIND))
        assert probe.timed("nobody answers", empty) == empty
        own_namespace.label(pod, **BEHIND)
        assert probe.timed("it answers again", full) == full


@check("SVC-015", spec=VIRTUAL_IPS, level="extended", catches=("service-no-reject",))
def test_without_an_endpoint_clients_are_not_left_hanging(
    backends: Backends,
    cluster: Cluster,
    own_namespace: Namespace,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
) -> None:
    """A TCP connection to a Service without endpoints is refused at once."""
    presume.working(backends)
    pod = own_namespace.pod("beside-1")
    with service(own_namespace, "nobody", BEHIND, ()) as served:
        expected = inside(
            "refused", served, clients, cluster.families, protocols=[Protocol.TCP], may_hang=False, target=pod
        )
        assert probe.insisting(expected) == expected
