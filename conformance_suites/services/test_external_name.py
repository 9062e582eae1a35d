"""Services that become an ExternalName, and those that are one no more."""

from __future__ import annotations

from conformance_suites.clauses import SERVICE_EXTERNAL_NAME
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.names import by_name, cluster_domain
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.questions import alive, inside, merged, nobody, through

CHANGED = ("service-change-lost",)


@check("SVC-084", spec=SERVICE_EXTERNAL_NAME, level="core", catches=CHANGED)
def test_a_service_that_becomes_an_external_name_leads_there(
    backends: Backends, cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """A Service that becomes an ExternalName leads to that name, and nobody answers at its former cluster address."""
    beside = backends.all.pods[0]
    domain = cluster_domain(probe.facts(clients).values())
    with backends.service() as plain, backends.service(backends.one) as other:
        presume.plain(plain, backends.all.pods)
        presume.holds(by_name("by name", other, clients, domain), "the checks of DNS")
        backends.named(plain, other.full_name(domain))
        because = "the Service has no cluster address any more"
        former = [
            nobody("former", clients, plain.inside(family), because, alive(clients, beside, family), target=beside)
            for family in cluster.families
        ]
        expected = merged("ExternalName", by_name("by name", plain, clients, domain, answered_by=other), *former)
        assert probe.timed("the name leads elsewhere", expected) == expected


@check("SVC-085", spec=SERVICE_EXTERNAL_NAME, level="core", catches=(*CHANGED, "nodeport-missing-on-one-node"))
def test_an_external_name_that_becomes_a_node_port_answers_itself(
    backends: Backends, cluster: Cluster, clients: tuple[Pod, ...], presume: Presumption, probe: Probing
) -> None:
    """An ExternalName Service that becomes NodePort answers at its cluster addresses and on every node."""
    presume.working(backends)
    for family in cluster.families:
        presume.nodes(clients, family)
    with backends.external_name("nowhere.invalid") as outside:
        made = backends.changed(outside, type="NodePort")
        at_nodes = [
            through("node ports", made, clients, made.at_nodes(cluster.node_addresses(family)))
            for family in cluster.families
        ]
        expected = merged("no ExternalName any more", inside("inside", made, clients, cluster.families), *at_nodes)
        assert probe.timed("the Service answers itself", expected) == expected
