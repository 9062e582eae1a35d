"""Every pod has an IP address of its own, and everyone sees the same one."""

from __future__ import annotations

import pytest

from conformance_suites.clauses import DUAL_STACK, NETWORK_MODEL, NODE_CIDR, POD_NETWORKING, POD_STATUS
from conformance_suites.parameters import each_family
from pytest_k8snet.addresses import outside_pod_cidr, own, shared
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.probe import questions
from pytest_k8snet.probe.observation import Family, Pod, Protocol
from pytest_k8snet.probing import Probing
from pytest_k8snet.state import Fleet


@pytest.fixture(scope="module")
def pods(fleet: Fleet, newcomers: tuple[Pod, ...]) -> tuple[Pod, ...]:
    """Return pods that were there before and pods that are new."""
    return fleet.pods + newcomers


@check("MODEL-001", spec=DUAL_STACK, level="core", catches=("second-family-missing",))
def test_every_pod_has_one_address_of_each_family(cluster: Cluster, pods: tuple[Pod, ...]) -> None:
    """Every pod has exactly one address of each family that the cluster has."""
    now = cluster.now(pods)
    assert {pod.name: pod.families for pod in now} == {pod.name: cluster.families for pod in pods}


@check("MODEL-002", spec=NETWORK_MODEL, level="core", catches=("duplicate-address",))
def test_no_two_pods_share_an_address(cluster: Cluster, pods: tuple[Pod, ...]) -> None:
    """Each pod in the cluster has its own unique, cluster-wide IP address."""
    assert shared(cluster.now(pods)) == {}


@check("MODEL-003", spec=POD_STATUS, level="core", catches=("status-address-wrong",))
def test_a_pod_has_inside_the_addresses_that_its_status_tells(
    cluster: Cluster, probe: Probing, pods: tuple[Pod, ...]
) -> None:
    """The addresses on a pod's interfaces are those in status.podIPs."""
    facts = probe.facts(pods)
    assert {pod.name: own(facts[pod]) for pod in pods} == {
        pod.name: frozenset(pod.addresses) for pod in cluster.now(pods)
    }


@check("MODEL-004", spec=NODE_CIDR, level="extended", catches=("address-outside-pod-cidr",))
def test_an_address_is_within_the_pod_cidr_of_its_node(cluster: Cluster, pods: tuple[Pod, ...]) -> None:
    """Where a node has podCIDRs, its pods' addresses are within them."""
    assert outside_pod_cidr(cluster.now(pods), cluster.nodes) == {}


@each_family
@check("MODEL-005", spec=POD_NETWORKING, level="core", catches=("containers-not-sharing-netns",))
def test_containers_of_a_pod_share_localhost(namespace: Namespace, probe: Probing, family: Family) -> None:
    """Containers of one pod reach each other on localhost."""
    first, second = namespace.twins(f"twins-{family}")
    expected = questions.on_localhost("containers on localhost", first, second, family)
    assert probe(expected) == expected


@each_family
@check("MODEL-006", spec=NETWORK_MODEL, level="core", catches=("hairpin-self-dropped",))
def test_a_pod_reaches_itself(fleet: Fleet, probe: Probing, family: Family) -> None:
    """A pod reaches itself at the address that others see."""
    expected = questions.reach(
        "a pod at its own address", fleet.pods, fleet.pods, family, (Protocol.TCP, Protocol.UDP), which=questions.itself
    )
    assert probe(expected) == expected
