"""internalTrafficPolicy and externalTrafficPolicy: which endpoints count, and whether clients are seen as they are."""

from __future__ import annotations

from conformance_suites.clauses import SERVICE_EXTERNAL_POLICY, SERVICE_INTERNAL_POLICY, SERVICE_LOAD_BALANCER
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.health import expected_health, health
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import alive, merged, through
from pytest_k8snet.services.vantage import from_outside, seen_by_nodes

IGNORED = ("service-external-local-ignored",)


@each_family
@check(
    "SVC-050",
    spec=SERVICE_INTERNAL_POLICY,
    level="core",
    requires=("two_nodes",),
    catches=("service-internal-local-ignored",),
)
def test_internal_local_leads_to_the_own_node_only(
    backends: Backends, clients: tuple[Pod, ...], presume: Presumption, probe: Probing, family: Family
) -> None:
    """With internalTrafficPolicy: Local only endpoints of the client's node answer, and nobody where there is none."""
    group = backends.on_first_node
    with backends.service(group) as plain, backends.service(group, internalTrafficPolicy="Local") as served:
        presume.plain(plain, group.pods, family)
        asked = through("own node", served, clients, served.inside(family), tries=8, target=group.pods[0])
        expected = merged("internalTrafficPolicy: Local", alive(clients, group.pods[0], family), asked)
        assert probe(expected) == expected


@each_family
@check(
    "SVC-051",
    spec=SERVICE_EXTERNAL_POLICY,
    level="core",
    requires=("outside",),
    catches=(
        *IGNORED,
        "service-external-local-masqueraded",
        "nodeport-missing-on-one-node",
        "service-single-endpoint",
        "service-endpoint-unused",
    ),
)
def test_external_local_shows_the_client_to_endpoints(
    backends: Backends, cluster: Cluster, presume: Presumption, probe: Probing, family: Family
) -> None:
    """With externalTrafficPolicy: Local only endpoints of the node that is asked answer, and they see the client."""
    with backends.service(type="NodePort", externalTrafficPolicy="Local") as served:
        presume.plain(served, backends.all.pods, family)
        seen_as = seen_by_nodes(cluster, family)
        doors = served.at_nodes(cluster.node_addresses(family))
        expected = through("from outside", served, [cluster.outside], doors, spread=True, seen_as=seen_as)
        assert probe(expected) == expected


@each_family
@check(
    "SVC-052",
    spec=SERVICE_EXTERNAL_POLICY,
    level="core",
    requires=("outside", "two_nodes"),
    catches=(*IGNORED, "service-external-local-forwarded"),
)
def test_external_local_is_answered_by_nobody_on_nodes_without_endpoints(
    backends: Backends,
    cluster: Cluster,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
    family: Family,
) -> None:
    """With externalTrafficPolicy: Local a node without endpoints passes nothing on from outside."""
    group = backends.on_first_node
    with backends.service(group, type="NodePort", externalTrafficPolicy="Local") as served:
        presume.plain(served, group.pods, family)
        seen_by_nodes(cluster, family)
        doors = served.at_nodes(cluster.node_addresses(family))
        outside = through("nodes without endpoints", served, [cluster.outside], doors, tries=4, target=group.pods[0])
        living = (from_outside(cluster, family), alive(clients, group.pods[0], family))
        expected = merged("externalTrafficPolicy: Local", *living, outside)
        assert probe(expected) == expected


@each_family
@check(
    "SVC-053",
    spec=SERVICE_LOAD_BALANCER,
    level="extended",
    requires=("host_network", "two_nodes"),
    catches=("service-health-check-wrong",),
)
def test_the_health_check_node_port_tells_where_endpoints_are(
    backends: Backends, cluster: Cluster, presume: Presumption, probe: Probing, family: Family
) -> None:
    """The health check node port says 200 on nodes with endpoints of the Service, and 503 on the others."""
    group = backends.on_first_node
    asking = cluster.with_family(cluster.fleet.host_pods, family)[0]
    with backends.service(group, type="LoadBalancer", externalTrafficPolicy="Local") as served:
        presume.plain(served, group.pods, family)
        presume.nodes([asking], family)
        expected = expected_health(served, cluster.node_addresses(family))
        assert health(cluster, probe, asking, served, family, until=expected) == expected
