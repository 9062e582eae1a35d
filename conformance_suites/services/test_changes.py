"""Services that are changed or deleted: what they were before is over at once."""

from __future__ import annotations

from conformance_suites.clauses import SERVICE, SERVICE_NODE_PORT, SERVICE_PORTS
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Pod, Protocol
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import alive, inside, merged, nobody, through
from pytest_k8snet.services.served import PORT, ports_at

CHANGED = ("service-change-lost",)


@check("SVC-080", spec=SERVICE_NODE_PORT, level="core", catches=(*CHANGED, "nodeport-missing-on-one-node"))
def test_node_ports_come_and_go_with_the_type(
    backends: Backends, cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """A Service that becomes NodePort answers on every node; when it is ClusterIP again, nobody does there."""
    target = backends.all.pods[0]
    with backends.service() as plain:
        presume.plain(plain, backends.all.pods)
        for family in cluster.families:
            presume.nodes(clients, family)
        opened = backends.changed(plain, type="NodePort")
        doors = {family: opened.at_nodes(cluster.node_addresses(family)) for family in cluster.families}
        tables = [through("open", opened, clients, doors[family]) for family in cluster.families]
        expected = merged("node ports", *tables)
        assert probe.timed("node ports are open", expected) == expected
        backends.changed(plain)
        because = "the Service is no NodePort any more"
        tables = [
            nobody("closed", clients, doors[family], because, alive(clients, target, family), target=target)
            for family in cluster.families
        ]
        expected = merged("node ports that were given back", *tables)
        assert probe.timed("node ports are closed", expected) == expected


@check("SVC-081", spec=SERVICE_PORTS, level="core", catches=(*CHANGED, "service-former-ports-kept"))
def test_another_port_takes_the_place_of_the_former(
    backends: Backends, cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """A Service whose port is changed answers at the new one, and nobody answers at the former."""
    target = backends.all.pods[0]
    with backends.service() as plain:
        presume.plain(plain, backends.all.pods)
        moved = backends.changed(plain, ports=ports_at(81))
        because = "the Service has port 81 now"
        tables = [
            nobody("former", clients, plain.inside(family), because, alive(clients, target, family), target=target)
            for family in cluster.families
        ]
        expected = merged("another port", inside("new", moved, clients, cluster.families), *tables)
        assert probe.timed("the port is another", expected) == expected


@check("SVC-082", spec=SERVICE, level="core", catches=("service-deletion-lost",))
def test_a_deleted_service_is_answered_by_nobody(
    backends: Backends, cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """Once a Service is deleted, nobody answers at its cluster addresses and node ports."""
    target = backends.all.pods[0]
    with backends.service(type="NodePort") as served:
        presume.plain(served, backends.all.pods)
    tables = []
    for family in cluster.families:
        doors = [*served.inside(family), *served.at_nodes(cluster.node_addresses(family))]
        because, living = "the Service is deleted", alive(clients, target, family)
        tables.append(nobody("deleted", clients, doors, because, living, target=target))
    expected = merged("a deleted Service", *tables)
    assert probe.timed("nobody answers", expected) == expected


@check("SVC-083", spec=SERVICE_PORTS, level="core", catches=("service-former-ports-kept",))
def test_a_protocol_that_is_taken_away_is_not_served_any_more(
    backends: Backends, cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """Of a Service of TCP and UDP on one port each can be taken away alone, and the other goes on."""
    target = backends.all.pods[0]
    with backends.service() as plain:
        presume.plain(plain, backends.all.pods)
        only_tcp = backends.changed(plain, ports=[port for port in ports_at(PORT) if port["protocol"] == "TCP"])
        because = "the Service has no UDP port any more"
        tables = [
            nobody(
                "UDP",
                clients,
                plain.inside(family, [Protocol.UDP]),
                because,
                alive(clients, target, family),
                target=target,
            )
            for family in cluster.families
        ]
        expected = merged("TCP alone", inside("TCP", only_tcp, clients, cluster.families), *tables)
        assert probe.timed("UDP is gone", expected) == expected
