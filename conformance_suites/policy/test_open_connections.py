"""Connections that are open when a policy begins to forbid them, beside new ones."""

from __future__ import annotations

from itertools import product

from conformance_suites.clauses import POLICY_ISOLATION
from conformance_suites.parameters import each_family
from conformance_suites.policy.policies import FRIEND, FROM_FRIENDS, GUARDED
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.policy.held import held_open
from pytest_k8snet.probe.observation import Family, Protocol
from pytest_k8snet.probe.questions import permitted
from pytest_k8snet.probing import Probing

TCP_UDP = (Protocol.TCP, Protocol.UDP)
IGNORED = ("policy-ignored", "policy-ipv6-unenforced", "policy-udp-unenforced")


@each_family
@check(
    "POLICY-007",
    spec=POLICY_ISOLATION,
    level="core",
    requires=("policy_enforced",),
    catches=(*IGNORED, "policy-egress-only", "policy-same-node-bypass", "policy-deleted-stays"),
)
def test_new_connections_are_blocked_whatever_becomes_of_open_ones(
    cluster: Cluster, own_namespace: Namespace, probe: Probing, family: Family
) -> None:
    """A policy blocks new connections at once; what becomes of those that are open is reported, not judged."""
    guarded = own_namespace.replicas("guarded", labels=GUARDED)
    friend, other = own_namespace.pod("friend", labels=FRIEND), own_namespace.pod("other")
    control = cluster.fleet.pods[0]
    open_to_all = permitted("without the policy", family, TCP_UDP, allowed=product([friend, other], guarded))
    restricted = permitted(
        "new connections",
        family,
        TCP_UDP,
        allowed=product([friend], guarded),
        blocked=product([other], guarded),
        control=control,
    )
    probe.presume_open([*guarded, friend, other, control], family, TCP_UDP)
    with held_open(cluster, probe, other, guarded[0], family, "a policy began to forbid it"):
        own_namespace.apply(FROM_FRIENDS)
        assert probe(restricted) == restricted
    own_namespace.remove(FROM_FRIENDS)
    assert probe(open_to_all) == open_to_all
