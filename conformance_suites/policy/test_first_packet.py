"""A pod that is started under a policy is never open for a moment: judged by what it and its peers saw since its start.

The new pods ask from their first instruction on; whom they reach calls them back at once.
"""

from __future__ import annotations

from itertools import product

import yaml

from conformance_suites.clauses import POLICY_POD_LIFECYCLE
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Namespace
from pytest_k8snet.probe.observation import Family, Protocol
from pytest_k8snet.probe.questions import first_words, permitted
from pytest_k8snet.probing import Probing

TCP_UDP = (Protocol.TCP, Protocol.UDP)
GUARDED, FRIEND = {"role": "guarded"}, {"role": "friend"}
EGRESS = yaml.safe_load("""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: guarded-to-friend}
spec:
  podSelector: {matchLabels: {role: guarded}}
  policyTypes: [Egress]
  egress:
  - to:
    - podSelector: {matchLabels: {role: friend}}
""")
INGRESS = yaml.safe_load("""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: guarded-from-friend}
spec:
  podSelector: {matchLabels: {role: guarded}}
  policyTypes: [Ingress]
  ingress:
  - from:
    - podSelector: {matchLabels: {role: friend}}
""")
CATCHES = (
    "policy-ignored",
    "policy-late",
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
    witness = own_namespace.pod("witness", labels=GUARDED)
    in_force = permitted(
        "the policy is in force",
        family,
        TCP_UDP,
        allowed=[(witness, friend), (friend, other)],
        blocked=[(witness, other)],
    )
    own_namespace.apply(EGRESS)
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
    friend, other = (
        own_namespace.pod("friend", labels=FRIEND, call_back=8080),
        own_namespace.pod("other", call_back=8080),
    )
    witness = own_namespace.pod("witness", labels=GUARDED)
    in_force = permitted(
        "the policy is in force",
        family,
        TCP_UDP,
        allowed=[(friend, witness), (other, friend)],
        blocked=[(other, witness)],
    )
    own_namespace.apply(INGRESS)
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
