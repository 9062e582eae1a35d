"""EndpointSlices: what they say is what packets show, whoever makes them."""

from __future__ import annotations

from conformance_suites.clauses import ENDPOINT_SLICES, SERVICE_HEADLESS, SERVICE_NO_SELECTOR
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import inside
from pytest_k8snet.services.served import service
from pytest_k8snet.services.slices import named_in_slices, of_pods, own_slices

BEHIND = {"k8snet.io/behind": "yes"}
MISSING = ("endpoints-new-pods-missing",)


@check("SVC-110", spec=ENDPOINT_SLICES, level="core", catches=MISSING)
def test_endpoint_slices_name_every_pod_as_it_is(cluster: Cluster, own_namespace: Namespace) -> None:
    """The EndpointSlices of a Service name each of its pods by address, port, node and readiness, and nobody else."""
    with service(own_namespace, "sliced", BEHIND, ()) as served:
        pods = own_namespace.replicas("sliced", labels=BEHIND)
        expected = of_pods(pods, cluster.families)
        assert named_in_slices(own_namespace, served, until=expected) == expected


@check("SVC-111", spec=SERVICE_HEADLESS, level="core", catches=MISSING)
def test_a_headless_service_has_no_address_and_names_every_pod(cluster: Cluster, own_namespace: Namespace) -> None:
    """A headless Service has no cluster address, and its EndpointSlices name each of its pods."""
    with service(own_namespace, "headless", BEHIND, (), clusterIP="None") as served:
        pods = own_namespace.replicas("headless", labels=BEHIND)
        assert served.spec["clusterIPs"] == ["None"]
        expected = of_pods(pods, cluster.families)
        assert named_in_slices(own_namespace, served, until=expected) == expected


@check(
    "SVC-112",
    spec=SERVICE_NO_SELECTOR,
    level="core",
    catches=("endpoints-own-slices-ignored", "service-single-endpoint", "service-endpoint-unused"),
)
def test_a_service_without_a_selector_leads_where_its_slices_say(
    backends: Backends, cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """A Service without a selector leads to the endpoints of all EndpointSlices that somebody makes for it."""
    presume.working(backends)
    with (
        backends.without_selector() as served,
        own_slices(backends.namespace, served, backends.all.pods, cluster.families),
    ):
        expected = inside("slices of one's own", served, clients, cluster.families, spread=True)
        assert probe.timed("slices of one's own count", expected) == expected
