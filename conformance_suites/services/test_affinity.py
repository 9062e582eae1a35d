"""sessionAffinity: ClientIP keeps a client at the endpoint that it had, for as long as the Service says."""

from __future__ import annotations

from typing import Any

from conformance_suites.clauses import SERVICE_AFFINITY, SERVICE_AFFINITY_TIMEOUT
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import NEW_ONLY, inside, merged, same_server, through
from pytest_k8snet.services.served import service
from pytest_k8snet.services.stickiness import moved_after, never_moved
from pytest_k8snet.state import Fleet

TRIES = 24
BEHIND = {"k8snet.io/behind": "yes"}


def sticky(seconds: int = 10800) -> dict[str, Any]:
    """Return the fields of a Service that keeps its clients for some seconds."""
    config = {"clientIP": {"timeoutSeconds": seconds}}
    return {"sessionAffinity": "ClientIP", "sessionAffinityConfig": config}


@each_family
@check("SVC-020", spec=SERVICE_AFFINITY, level="core", catches=("service-affinity-ignored",))
def test_a_client_stays_with_its_endpoint(
    backends: Backends, clients: tuple[Pod, ...], presume: Presumption, probe: Probing, family: Family
) -> None:
    """With session affinity all connections of a client to a port are answered by the same pod."""
    with backends.service(**sticky()) as served:
        presume.plain(served, backends.all.pods, family)
        expected = same_server("one endpoint for each client", served, clients, served.inside(family), TRIES)
        assert probe(expected) == expected


@each_family
@check("SVC-023", spec=SERVICE_AFFINITY, level="core", catches=("service-affinity-ignored",))
def test_a_client_stays_with_its_endpoint_at_a_node_port(
    backends: Backends,
    cluster: Cluster,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
    family: Family,
) -> None:
    """Session affinity holds at node ports as well."""
    with backends.service(type="NodePort", **sticky()) as served:
        presume.plain(served, backends.all.pods, family)
        presume.nodes(clients, family)
        doors = served.at_nodes(cluster.node_addresses(family))
        presume.holds(through("node ports", served, clients, doors), "SVC-040")
        expected = same_server("one endpoint for each client and node", served, clients, doors, TRIES)
        assert probe(expected) == expected


@check("SVC-024", spec=SERVICE_AFFINITY, level="core", catches=("service-change-lost", "service-affinity-ignored"))
def test_affinity_can_be_switched_on_and_off(
    backends: Backends, cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """A Service that gets session affinity keeps its clients from then on, and spreads them when it loses it again."""
    with backends.service() as plain:
        presume.plain(plain, backends.all.pods)
        kept = backends.changed(plain, **sticky())
        doors = [kept.inside(family, NEW_ONLY) for family in cluster.families]
        tables = [same_server("kept", kept, clients, at_family, TRIES) for at_family in doors]
        expected = merged("with affinity", *tables)
        assert probe.timed("clients are kept", expected) == expected
        spread = backends.changed(plain, sessionAffinity="None")
        expected = inside("spread again", spread, clients, cluster.families, spread=True)
        assert probe.timed("clients are spread again", expected) == expected


@each_family
@check(
    "SVC-021",
    spec=SERVICE_AFFINITY_TIMEOUT,
    level="core",
    catches=("service-affinity-forever", "service-single-endpoint"),
)
def test_a_client_is_kept_no_longer_than_the_time_out(
    backends: Backends, fleet: Fleet, presume: Presumption, probe: Probing, family: Family
) -> None:
    """A client that was silent for longer than the time-out may be sent to any endpoint again."""
    numbers = range(81, 85)
    ports = [{"name": f"p{number}", "port": number, "targetPort": 8080} for number in numbers]
    with backends.service(ports=ports, **sticky(1)) as served:
        presume.reached(fleet.pods, backends.all.pods, family)
        presume.served(served, fleet.pods, family)
        moved = moved_after(probe, served, fleet.pods, family, seconds=1)
        assert moved, never_moved(served, fleet.pods, numbers)


@check(
    "SVC-022",
    spec=SERVICE_AFFINITY,
    level="core",
    catches=("service-stale-endpoint", "endpoints-relabelled-kept"),
)
def test_a_client_moves_on_when_its_endpoint_is_gone(
    cluster: Cluster, own_namespace: Namespace, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """A client whose pod is gone is answered by another one, session affinity or not."""
    doomed = own_namespace.pod("sticky-1", cluster.nodes[0].name, labels=BEHIND)
    heir = own_namespace.pod("sticky-2", cluster.nodes[-1].name)
    with service(own_namespace, "sticky", BEHIND, [doomed], **sticky()) as served:
        presume.plain(served, [doomed, heir])
        own_namespace.label(heir, **BEHIND)
        own_namespace.delete(doomed)
        expected = inside("the other pod", served.behind(heir), clients, cluster.families, protocols=NEW_ONLY)
        assert probe.timed("clients move on", expected) == expected
