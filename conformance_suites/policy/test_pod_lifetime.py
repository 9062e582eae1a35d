"""What policies mean to a pod lasts as long as the pod: through restarts, and not for the next owner of its address."""

from __future__ import annotations

from itertools import product

from conformance_suites.clauses import CONTAINER_RESTARTS, POLICY_POD_LIFECYCLE
from conformance_suites.parameters import each_family
from conformance_suites.policy.policies import FRIEND, FROM_FRIENDS, GUARDED, WITH_FRIENDS
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.probe.observation import Family, Protocol
from pytest_k8snet.probe.questions import permitted, reused
from pytest_k8snet.probing import Probing

TCP_UDP = (Protocol.TCP, Protocol.UDP)
IGNORED = ("policy-ignored", "policy-ipv6-unenforced", "policy-udp-unenforced")


@each_family
@check(
    "POLICY-008",
    spec=POLICY_POD_LIFECYCLE,
    level="core",
    requires=("policy_enforced",),
    catches=(
        *IGNORED,
        "policy-egress-only",
        "policy-same-node-bypass",
        "policy-address-reuse-stale",
        "policy-address-keeps-labels",
    ),
)
def test_the_rights_of_a_pod_end_with_it(
    cluster: Cluster, own_namespace: Namespace, probe: Probing, family: Family
) -> None:
    """What a policy allowed a pod is not allowed to the next pod that gets its address."""
    guarded = own_namespace.replicas("guarded", labels=GUARDED)
    former, other = own_namespace.replicas("former-friend", labels=FRIEND), own_namespace.pod("other")
    control = cluster.fleet.pods[0]
    probe.presume_open([*guarded, *former, other, control], family, TCP_UDP)
    before = permitted(
        "the former pods",
        family,
        TCP_UDP,
        allowed=product(former, guarded),
        blocked=product([other], guarded),
        control=control,
    )
    own_namespace.apply(FROM_FRIENDS)
    assert probe(before) == before
    own_namespace.delete(*former, grace=1)
    later = own_namespace.replicas("later")
    friend = own_namespace.pod("friend", labels=FRIEND)
    after = permitted(
        "the later pods",
        family,
        TCP_UDP,
        allowed=product([friend], guarded),
        blocked=product(later, guarded),
        control=control,
    )
    probe.note(reused(former, later, family))
    assert probe(after) == after


@each_family
@check(
    "POLICY-009",
    spec=POLICY_POD_LIFECYCLE,
    level="core",
    requires=("policy_enforced",),
    catches=(*IGNORED, "policy-egress-only", "policy-same-node-bypass", "policy-address-keeps-labels"),
)
def test_the_isolation_of_a_pod_ends_with_it(
    cluster: Cluster, own_namespace: Namespace, probe: Probing, family: Family
) -> None:
    """A pod that no policy selects is open to all, also when the pod that had its address before was isolated."""
    former = own_namespace.replicas("former-guarded", labels=GUARDED)
    friend, other = own_namespace.pod("friend", labels=FRIEND), own_namespace.pod("other")
    control = cluster.fleet.pods[0]
    probe.presume_open([*former, friend, other, control], family, TCP_UDP)
    before = permitted(
        "the former pods",
        family,
        TCP_UDP,
        allowed=product([friend], former),
        blocked=product([other], former),
        control=control,
    )
    own_namespace.apply(FROM_FRIENDS)
    assert probe(before) == before
    own_namespace.delete(*former, grace=1)
    later = own_namespace.replicas("later")
    after = permitted("the later pods", family, TCP_UDP, allowed=product([friend, other], later))
    probe.note(reused(former, later, family))
    assert probe(after) == after


@each_family
@check(
    "POLICY-010",
    spec=CONTAINER_RESTARTS,
    level="core",
    requires=("policy_enforced",),
    catches=(
        *IGNORED,
        "policy-ingress-only",
        "policy-egress-only",
        "policy-restart-forgets",
        "restart-changes-address",
    ),
)
def test_a_restarted_container_keeps_the_rules_of_its_pod(
    cluster: Cluster, own_namespace: Namespace, probe: Probing, family: Family
) -> None:
    """What policies allow and forbid a pod, in both directions, is the same after its container was restarted."""
    guarded = own_namespace.pod("guarded", labels=GUARDED)
    friend, other = own_namespace.pod("friend", labels=FRIEND), own_namespace.pod("other")
    probe.presume_open([guarded, friend, other], family, TCP_UDP)
    own_namespace.apply(WITH_FRIENDS)
    expected = permitted(
        "with the policy",
        family,
        TCP_UDP,
        allowed=[(friend, guarded), (guarded, friend), (friend, other), (other, friend)],
        blocked=[(other, guarded), (guarded, other)],
    )
    assert probe(expected) == expected
    cluster.restart(guarded)
    assert probe(expected) == expected
