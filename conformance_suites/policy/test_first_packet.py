"""A pod that is started under a policy is never open for a moment: judged by what it and its peers saw since its start.

The new pods ask from their first instruction on; whom they reach calls them back at once.
"""

from __future__ import annotations

from itertools import product

from conformance_suites.clauses import POLICY_POD_LIFECYCLE
from conformance_suites.parameters import each_family
from conformance_suites.policy.policies import FRIEND, FROM_FRIENDS, GUARDED, TO_FRIENDS
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Namespace
from pytest_k8snet.probe.observation import Family, Protocol
from pytest_k8snet.probe.questions import first_words, permitted
from pytest_k8snet.probing import Probing

TCP_UDP = (Protocol.TCP, Protocol.UDP)
CATCHES = (
    "policy-ignored",
    "policy-late-for-new-pods",
    "policy-ipv6-unenforced",
    "policy-udp-unenforced",
    "policy-same-node-bypass",
)


@each_family
@check(
    "POLICY-005",
    spec=POLICY_POD_LIFECYCLE,
    level="core",
    requires=("policy_enforced",),
    catches=(*CATCHES, "policy-ingress-only"),
)
def test_a_new_pod_reaches_nothing_forbidden_with_its_first_packet(
    own_namespace: Namespace, probe: Probing, family: Family
) -> None:
    """A pod that is started under a policy never reaches what the policy forbids, not even with its first packet."""
    friend, other = own_namespace.pod("friend", labels=FRIEND), own_namespace.pod("other")
    witnesses = own_namespace.replicas("witness", labels=GUARDED)
    in_force = permitted(
        "the policy is in force",
        family,
        TCP_UDP,
        allowed=[*product(witnesses, [friend]), (friend, other)],
        blocked=product(witnesses, [other]),
    )
    probe.presume_open([friend, other, *witnesses], family, TCP_UDP)
    own_namespace.apply(TO_FRIENDS)
    assert probe(in_force) == in_force
    asking = first_words((friend, other), family, TCP_UDP)
    guarded = own_namespace.replicas("guarded", labels=GUARDED, first_words=asking)
    free = own_namespace.replicas("free", first_words=asking)
    expected = permitted(
        "to others, since the start",
        family,
        TCP_UDP,
        allowed=[*product(guarded, [friend]), *product(free, [other])],
        blocked=product(guarded, [other]),
    )
    assert probe.from_the_start(expected, [friend, other]) == expected


@each_family
@check(
    "POLICY-006",
    spec=POLICY_POD_LIFECYCLE,
    level="core",
    requires=("policy_enforced",),
    catches=(*CATCHES, "policy-egress-only"),
)
def test_a_new_pod_is_reached_by_nobody_forbidden_from_its_start_on(
    own_namespace: Namespace, probe: Probing, family: Family
) -> None:
    """A pod that is started under a policy never lets in whom the policy forbids, not even when nobody knows it yet."""
    friend = own_namespace.pod("friend", labels=FRIEND, call_back=8080)
    other = own_namespace.pod("other", call_back=8080)
    witnesses = own_namespace.replicas("witness", labels=GUARDED)
    in_force = permitted(
        "the policy is in force",
        family,
        TCP_UDP,
        allowed=[*product([friend], witnesses), (other, friend)],
        blocked=product([other], witnesses),
    )
    probe.presume_open([friend, other, *witnesses], family, TCP_UDP)
    own_namespace.apply(FROM_FRIENDS)
    assert probe(in_force) == in_force
    asking = first_words((friend, other), family, TCP_UDP)
    guarded = own_namespace.replicas("guarded", labels=GUARDED, first_words=asking)
    free = own_namespace.replicas("free", first_words=asking)
    expected = permitted(
        "from others, since the start",
        family,
        TCP_UDP,
        allowed=[*product([friend], guarded), *product([other], free)],
        blocked=product([other], guarded),
    )
    assert probe.from_the_start(expected, [*guarded, *free]) == expected
