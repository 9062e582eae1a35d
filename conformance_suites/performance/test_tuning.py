"""Settings that are chosen for speed do what they promise; what the others would gain is told."""

from __future__ import annotations

import pytest

from conformance_suites.clauses import SERVICE_EXTERNAL_POLICY, SERVICE_LOAD_BALANCER
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.measure.tuning.cloud_balancer import balancers, cloud_of
from pytest_k8snet.measure.tuning.second_hop import NodePorts
from pytest_k8snet.probe.observation import Family
from pytest_k8snet.probing import Probing


@each_family
@check(
    "PERF-150",
    spec=SERVICE_EXTERNAL_POLICY,
    level="extended",
    requires=("host_network", "two_nodes"),
    catches=("service-external-local-masqueraded", "service-external-local-ignored"),
)
def test_external_local_takes_no_second_hop(cluster: Cluster, probe: Probing, family: Family) -> None:
    """With externalTrafficPolicy: Local what comes to a node with endpoints stays there, and shows the client."""
    ports = NodePorts(cluster, family)
    with ports.service("Cluster") as plain:
        before = ports.hops(plain)
    with ports.service("Local") as local:
        after = ports.hops(local)
    probe.measured("second hops with externalTrafficPolicy: Cluster", before.second_hops, f"of {len(before.answers)}")
    probe.measured("second hops with externalTrafficPolicy: Local", after.second_hops, f"of {len(after.answers)}")
    probe.note(
        f"externalTrafficPolicy: Local saves the way to another node for {before.second_hops} of {len(before.answers)} "
        "connections, where every node has endpoints"
    )
    assert after.wrong() == []


@check("PERF-151", spec=SERVICE_LOAD_BALANCER, level="extended", catches=("cloud-annotations-ignored",))
def test_a_cloud_gives_the_load_balancer_that_annotations_ask_for(cluster: Cluster, probe: Probing) -> None:
    """On AWS a Service whose annotation or class asks for a Network Load Balancer has one."""
    nodes = cluster.api.objects("v1", "Node")
    if cloud_of(nodes) != "AWS":
        told = ", ".join(sorted({node["spec"].get("providerID") or "none" for node in nodes}))
        pytest.skip(f"no cloud whose load balancers are known here: the nodes' providerID is {told}")
    if not (found := balancers(cluster.api.objects("v1", "Service"))):
        pytest.skip("no Service of type LoadBalancer is the business of the cloud's controller")
    for balancer in found:
        probe.note(balancer.hint or f"{balancer.name}: {balancer.got} load balancer {balancer.hostname}")
    assert [balancer.wrong for balancer in found if balancer.wrong] == []
