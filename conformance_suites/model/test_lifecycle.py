"""Addresses through a pod's life: kept by a restarted container, given up by a deleted pod."""

from __future__ import annotations

from conformance_suites.clauses import CONTAINER_RESTARTS, POD_LIFETIME
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.probe.observation import Family, Pod, Protocol
from pytest_k8snet.probe.questions import at_former_addresses, reach
from pytest_k8snet.probing import Probing
from pytest_k8snet.state import Fleet

TCP_UDP = (Protocol.TCP, Protocol.UDP)


@each_family
@check("MODEL-040", spec=POD_LIFETIME, level="core", catches=("new-pods-unreachable",))
def test_a_new_pod_is_reached_at_once(fleet: Fleet, newcomers: tuple[Pod, ...], probe: Probing, family: Family) -> None:
    """A pod that has become Ready is reached by all pods, and reaches them."""
    there = reach("old pods to new pods", fleet.pods, newcomers, family, TCP_UDP)
    back = reach("new pods to old pods", newcomers, fleet.pods, family, TCP_UDP)
    there, back = probe.on_working_paths(there), probe.on_working_paths(back)
    assert probe(there) == there
    assert probe(back) == back


@each_family
@check("MODEL-041", spec=CONTAINER_RESTARTS, level="core", catches=("restart-changes-address",))
def test_a_restarted_container_keeps_the_address_of_its_pod(
    cluster: Cluster, fleet: Fleet, namespace: Namespace, probe: Probing, family: Family
) -> None:
    """A container that is restarted answers at the same address as before."""
    pod = namespace.pod(f"restarted-{family}")
    cluster.restart(pod)
    expected = reach("a restarted container at its former address", fleet.pods, [pod], family, TCP_UDP)
    expected = probe.on_working_paths(expected)
    assert probe(expected) == expected


@each_family
@check("MODEL-042", spec=POD_LIFETIME, level="core", catches=("stale-address",))
def test_the_address_of_a_deleted_pod_is_nobodys_or_its_new_owners(
    cluster: Cluster, fleet: Fleet, namespace: Namespace, probe: Probing, family: Family
) -> None:
    """Once a pod is gone, its address is answered by nobody, or by the pod that has it now."""
    former = namespace.pods(f"former-1-{family}", f"former-2-{family}")
    namespace.delete(*former)
    later = namespace.pods(f"later-1-{family}", f"later-2-{family}")
    expected = at_former_addresses("former addresses", fleet.pods, former, later, family, TCP_UDP)
    expected = probe.on_working_paths(expected)
    assert probe(expected) == expected
