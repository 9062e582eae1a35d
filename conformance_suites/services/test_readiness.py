"""Only pods that are ready get connections, unless a Service asks for the others as well."""

from __future__ import annotations

from conformance_suites.clauses import ENDPOINT_CONDITIONS, READINESS
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.gated import Gates
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import NEW_ONLY, inside
from pytest_k8snet.services.served import service

BEHIND = {"k8snet.io/behind": "yes"}


@check(
    "SVC-012",
    spec=READINESS,
    level="core",
    catches=(
        "endpoints-unready-kept",
        "endpoints-out-of-order",
        "service-stale-endpoint",
        "service-not-ready-used",
        "service-single-endpoint",
    ),
)
def test_a_pod_gets_connections_while_it_is_ready(
    backends: Backends,
    cluster: Cluster,
    own_namespace: Namespace,
    clients: tuple[Pod, ...],
    gates: Gates,
    presume: Presumption,
    probe: Probing,
) -> None:
    """A pod that stops being ready gets no connections, and gets some again when it is ready again."""
    presume.working(backends)
    steady, moody = gates.start(
        own_namespace, *(PodRequest(f"{name}-1", cluster.nodes[0].name, labels=BEHIND) for name in ("steady", "moody"))
    )
    gates.open(steady)
    own_namespace.wait(steady.name)
    with service(own_namespace, "moods", BEHIND, [steady]) as served:
        presume.reached(clients, [steady, moody], cluster.families[0])
        for step in ("before it is ready", "when it is not ready any more"):
            ready = inside("both are ready", served.behind(steady, moody), clients, cluster.families, spread=True)
            one = inside(
                f"one pod {step}", served.behind(steady), clients, cluster.families, tries=16, protocols=NEW_ONLY
            )
            assert probe.timed(f"one pod gets no connections {step}", one) == one
            gates.open(moody)
            own_namespace.wait(moody.name)
            assert probe.timed("a pod that is ready gets connections", ready) == ready
            gates.close(moody)


@check(
    "SVC-016",
    spec=ENDPOINT_CONDITIONS,
    level="core",
    catches=("endpoints-publish-not-ready-ignored",),
)
def test_pods_that_are_not_ready_can_be_published(
    backends: Backends,
    cluster: Cluster,
    own_namespace: Namespace,
    clients: tuple[Pod, ...],
    gates: Gates,
    presume: Presumption,
    probe: Probing,
) -> None:
    """With publishNotReadyAddresses a Service leads to its pods whether they are ready or not."""
    presume.working(backends)
    (pod,) = gates.start(own_namespace, PodRequest("early-1", labels=BEHIND))
    for family in cluster.families:
        presume.reached(clients, [pod], family)
    with service(own_namespace, "published", BEHIND, [pod], publishNotReadyAddresses=True) as served:
        expected = inside("a pod that is not ready", served, clients, cluster.families)
        assert probe(expected) == expected
