"""Ports of Services: several, with other numbers than their pods', with names, of both transports."""

from __future__ import annotations

from conformance_suites.clauses import SERVICE_CLUSTER_IP, SERVICE_MULTI_PORT, SERVICE_PORTS, SERVICE_SCTP
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.kube.pods import PodRequest
from pytest_k8snet.probe.observation import Family, Pod, Protocol
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import alive, inside, merged, nobody, through
from pytest_k8snet.services.served import service

OTHER = 8081


@check("SVC-030", spec=SERVICE_MULTI_PORT, level="core", catches=("service-further-ports-missing",))
def test_each_port_of_a_service_is_served(
    backends: Backends, cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """A Service with several ports is answered at each of them, for TCP and UDP."""
    more = [
        {"name": f"{protocol}-{number}", "port": number, "targetPort": 8080, "protocol": protocol.upper()}
        for number in (8000, 80)
        for protocol in ("tcp", "udp")
    ]
    presume.working(backends)
    with backends.service(ports=more) as served:
        expected = inside("several ports", served, clients, cluster.families)
        assert probe(expected) == expected


@check(
    "SVC-031", spec=SERVICE_PORTS, level="core", catches=("service-named-port-of-first-pod", "service-single-endpoint")
)
def test_a_named_target_port_is_each_pods_own(
    backends: Backends,
    cluster: Cluster,
    own_namespace: Namespace,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
) -> None:
    """A target port that is a name leads to the number that each pod has given that name."""
    presume.working(backends)
    labels = {"k8snet.io/behind": "yes"}
    nodes = cluster.nodes
    pods = own_namespace.start(
        *(
            PodRequest(
                f"named-{number}", node.name, {"agent": (number,)}, labels=labels, named={"web": ("TCP", number)}
            )
            for number, node in ((8080, nodes[0]), (OTHER, nodes[-1]))
        )
    )
    ports = [{"name": "web", "port": 80, "targetPort": "web"}]
    with service(own_namespace, "named", labels, pods, ports=ports) as served:
        for family in cluster.families:
            presume.reached(clients, pods, family, [Protocol.TCP])
        expected = inside("a named port", served, clients, cluster.families, spread=True)
        assert probe(expected) == expected


@each_family
@check(
    "SVC-033",
    spec=SERVICE_SCTP,
    level="extended",
    requires=("sctp",),
    catches=("service-sctp-unserved",),
)
def test_an_sctp_port_is_served(
    backends: Backends, clients: tuple[Pod, ...], presume: Presumption, probe: Probing, family: Family
) -> None:
    """A Service with an SCTP port is answered over SCTP, by one of its endpoints."""
    presume.working(backends)
    presume.reached(clients, backends.all.pods, family, [Protocol.SCTP])
    ports = [{"name": "sctp", "port": 80, "targetPort": 8080, "protocol": "SCTP"}]
    with backends.service(ports=ports) as served:
        expected = through("SCTP", served, clients, served.inside(family, [Protocol.SCTP]), tries=4)
        assert probe(expected) == expected


@check("SVC-032", spec=SERVICE_CLUSTER_IP, level="extended", catches=("service-any-port",))
def test_a_port_that_the_service_does_not_have_is_answered_by_nobody(
    backends: Backends, cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """At other ports of a cluster address nobody answers, although the pods listen there."""
    target = backends.all.pods[0]
    with backends.service() as served:
        presume.plain(served, backends.all.pods)
        tables = []
        for family in cluster.families:
            doors = [door.at_port(8080) for door in served.inside(family)]
            because = "the Service has no such port, only its pods have"
            tables.append(nobody("other ports", clients, doors, because, alive(clients, target, family), target=target))
        expected = merged("ports that the Service does not have", *tables)
        assert probe(expected) == expected
