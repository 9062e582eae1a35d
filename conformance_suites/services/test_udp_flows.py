"""Flows of UDP datagrams, which connection tracking remembers: they follow the endpoints of their Service."""

from __future__ import annotations

from conformance_suites.clauses import VIRTUAL_IPS
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.probing import Probing
from pytest_k8snet.services.presumed import Presumption
from pytest_k8snet.services.served import service
from pytest_k8snet.services.udp_flows import moved_to

BEHIND = {"k8snet.io/behind": "yes"}


@each_family
@check(
    "SVC-090",
    spec=VIRTUAL_IPS,
    level="core",
    catches=(
        "service-udp-flows-stale",
        "service-stale-endpoint",
        "endpoints-relabelled-kept",
    ),
)
def test_a_udp_flow_moves_on_when_its_endpoint_is_gone(
    cluster: Cluster,
    own_namespace: Namespace,
    clients: tuple[Pod, ...],
    presume: Presumption,
    probe: Probing,
    family: Family,
) -> None:
    """Datagrams of one flow, which never pauses, reach the new endpoint once the former is none any more."""
    former = own_namespace.pod("flow-1", cluster.nodes[0].name, labels=BEHIND)
    later = own_namespace.pod("flow-2", cluster.nodes[-1].name)
    with service(own_namespace, "flow", BEHIND, [former]) as served:
        presume.plain(served, [former, later])

        def change() -> None:
            own_namespace.label(former, **dict.fromkeys(BEHIND))
            own_namespace.label(later, **BEHIND)

        assert moved_to(cluster, probe, clients, served, family, change, later) == dict.fromkeys(clients, later.name)
