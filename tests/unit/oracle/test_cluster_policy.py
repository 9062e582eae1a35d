"""Tiers of policies: AdminNetworkPolicy, NetworkPolicy and BaselineAdminNetworkPolicy, and ClusterNetworkPolicy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pytest_k8snet.oracle.cluster_policy import judge_tiers, judge_tiers_service
from pytest_k8snet.oracle.policy_world import Backend, Connection, Frontend, Judgement, Party, Verdict
from tests.unit.oracle.policy_examples import (
    HOST_POD,
    NODE_1,
    NODE_2,
    OUTSIDE,
    XA,
    XB,
    YB,
    YC,
    ZC,
    ingress,
    policy,
    world,
)

ALLOWED, DENIED, UNDEFINED = Verdict.ALLOWED, Verdict.DENIED, Verdict.UNDEFINED
EVERY_POD = {"namespaces": {}}
FROM_Y = {"namespaces": {"matchLabels": {"ns": "y"}}}
ALL_NETWORKS = {"networks": ["0.0.0.0/0", "::/0"]}


def cluster(tier: str = "Admin", priority: int = 10, name: str = "p", subject: Any = EVERY_POD, **spec: Any) -> Any:
    facts = {"tier": tier, "priority": priority, "subject": subject}
    return {"kind": "ClusterNetworkPolicy", "metadata": {"name": name}, "spec": facts | spec}


def rule(action: str, *peers: Any, direction: str = "from", **more: Any) -> dict[str, Any]:
    return {"action": action, direction: list(peers) or [EVERY_POD], **more}


def asked(
    policies: Sequence[Any], source: Party, target: Party, port: int = 80, protocol: str = "TCP", namespaced: Any = ()
) -> Judgement:
    return judge_tiers(world(*namespaced), policies, Connection(source, target, protocol, port))


@pytest.mark.parametrize(
    ("admin", "namespaced", "baseline", "verdict"),
    [
        (None, False, None, ALLOWED),
        (None, True, None, DENIED),
        (None, False, "Deny", DENIED),
        (None, False, "Accept", ALLOWED),
        (None, False, "Pass", ALLOWED),
        (None, True, "Accept", DENIED),
        ("Accept", True, "Deny", ALLOWED),
        ("Deny", False, "Accept", DENIED),
        ("Pass", False, None, ALLOWED),
        ("Pass", True, "Accept", DENIED),
        ("Pass", False, "Deny", DENIED),
    ],
)
def test_tiers_decide_in_their_order(
    admin: str | None, namespaced: bool, baseline: str | None, verdict: Verdict
) -> None:
    tiers = {"Admin": admin, "Baseline": baseline}
    policies = [cluster(tier, ingress=[rule(action)]) for tier, action in tiers.items() if action]
    assert asked(policies, YB, XA, namespaced=[policy()] if namespaced else []).verdict == verdict
    old: list[Any] = [
        {"kind": kind, "metadata": {"name": "default"}, "spec": {"subject": EVERY_POD, "ingress": [rule(action)]}}
        for kind, action in (("AdminNetworkPolicy", admin), ("BaselineAdminNetworkPolicy", baseline))
        if action
    ]
    for one in old:
        one["spec"]["ingress"][0]["action"] = one["spec"]["ingress"][0]["action"].replace("Accept", "Allow")
    assert asked(old, YB, XA, namespaced=[policy()] if namespaced else []).verdict == verdict


def test_a_network_policy_that_allows_ends_what_the_baseline_denies() -> None:
    denied = [cluster("Baseline", ingress=[rule("Deny")])]
    assert asked(denied, YB, XA, namespaced=[ingress({})]).verdict == ALLOWED


def test_lower_priorities_and_earlier_rules_come_first() -> None:
    accept, deny = rule("Accept"), rule("Deny")
    assert (
        asked([cluster(priority=2, ingress=[deny]), cluster(priority=1, ingress=[accept])], YB, XA).verdict == ALLOWED
    )
    assert asked([cluster(ingress=[deny, accept])], YB, XA).verdict == DENIED
    assert asked([cluster(ingress=[rule("Deny", FROM_Y), accept])], ZC, XA).verdict == ALLOWED


def test_pass_skips_the_rest_of_its_tier() -> None:
    policies = [cluster(priority=1, ingress=[rule("Pass")]), cluster(priority=2, ingress=[rule("Deny")])]
    assert asked(policies, YB, XA).verdict == ALLOWED


def test_equal_priorities_that_would_decide_otherwise_leave_it_open() -> None:
    policies = [cluster(name="one", ingress=[rule("Accept")]), cluster(name="two", ingress=[rule("Deny")])]
    judgement = asked(policies, YB, XA)
    assert judgement.verdict == UNDEFINED
    assert judgement.because == (
        "it is left open which holds: ClusterNetworkPolicy one ingress rule 0 says Accept; or ClusterNetworkPolicy two "
        "ingress rule 0 says Deny"
    )
    same = [cluster(name=name, ingress=[rule("Deny")]) for name in ("one", "two")]
    assert asked(same, YB, XA).verdict == DENIED
    assert asked(same, YB, XA).because == "ClusterNetworkPolicy one ingress rule 0 says Deny"
    passing = [cluster(name="one", ingress=[rule("Pass")]), cluster(name="two", ingress=[rule("Accept")])]
    assert asked(passing, YB, XA).verdict == ALLOWED
    assert asked(passing, YB, XA, namespaced=[policy()]).verdict == UNDEFINED
    apart = [cluster(name="one", ingress=[rule("Accept", FROM_Y)]), cluster(name="two", ingress=[rule("Deny", FROM_Y)])]
    assert asked(apart, ZC, XA).verdict == ALLOWED


def test_both_sides_must_allow() -> None:
    out = cluster(egress=[rule("Deny", FROM_Y, direction="to")], ingress=[rule("Accept")])
    assert asked([out], XA, YB).verdict == DENIED
    assert asked([out], YB, XA).verdict == ALLOWED
    assert asked([out], YB, XA).because == "ClusterNetworkPolicy p ingress rule 0 says Accept"


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ({"namespaces": {}}, [XA, XB, YB, YC, ZC]),
        ({"namespaces": {"matchLabels": {"ns": "y"}}}, [YB, YC]),
        ({"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"pod": "b"}}}}, [XB, YB]),
        ({"pods": {"podSelector": {"matchLabels": {"pod": "b"}}}}, [XB, YB]),
        ({"pods": {"namespaceSelector": {"matchLabels": {"ns": "x"}}, "podSelector": {}}}, [XA, XB]),
    ],
)
def test_subjects_and_peers_are_pods_with_an_address_of_their_own(selector: Any, selected: list[Party]) -> None:
    every = [XA, XB, YB, YC, ZC, HOST_POD, NODE_2, OUTSIDE]
    names = [party.shown for party in selected]
    deny = cluster(subject=selector, egress=[rule("Deny", ALL_NETWORKS, direction="to")])
    assert [one.shown for one in every if asked([deny], one, Party("o", "192.0.2.9")).verdict == DENIED] == names
    target = Party("a", "10.9.9.9", "x", {"pod": "none"})
    assert [
        one.shown for one in every if asked([cluster(ingress=[rule("Deny", selector)])], one, target).verdict != ALLOWED
    ] == names


@pytest.mark.parametrize(
    ("ports", "matched"),
    [
        ({"ports": [{"portNumber": {"port": 80}}]}, ["TCP 80"]),
        ({"ports": [{"portNumber": {"protocol": "UDP", "port": 81}}]}, ["UDP 81"]),
        ({"ports": [{"portRange": {"protocol": "SCTP", "start": 79, "end": 80}}]}, ["SCTP 80"]),
        ({"ports": [{"namedPort": "serve-81-udp"}]}, ["UDP 81"]),
        ({"protocols": [{"tcp": {"destinationPort": {"number": 80}}}]}, ["TCP 80"]),
        ({"protocols": [{"udp": {"destinationPort": {"range": {"start": 81, "end": 90}}}}]}, ["UDP 81"]),
        ({"protocols": [{"sctp": {}}]}, ["SCTP 80", "SCTP 81"]),
        ({"protocols": [{"destinationNamedPort": "serve-80-tcp"}, {"udp": {}}]}, ["TCP 80", "UDP 80", "UDP 81"]),
    ],
)
def test_what_ports_and_protocols_mean(ports: Any, matched: list[str]) -> None:
    every = [(protocol, number) for protocol in ("TCP", "UDP", "SCTP") for number in (80, 81)]
    deny = [cluster(ingress=[rule("Deny", **ports)])]
    found = [
        f"{protocol} {number}" for protocol, number in every if asked(deny, YB, XA, number, protocol).verdict == DENIED
    ]
    assert sorted(found) == sorted(matched)


def test_networks_see_pods_and_nodes_and_one_family_each() -> None:
    v4 = cluster(egress=[rule("Deny", {"networks": ["0.0.0.0/0"]}, direction="to")])
    for target in (YB, OUTSIDE, NODE_2, HOST_POD):
        assert asked([v4], XA, target).verdict == DENIED
    assert asked([v4], XA, Party("six", "2001:db8::1")).verdict == ALLOWED
    assert asked([v4], XA, NODE_1).verdict == UNDEFINED


def test_peers_of_a_rule_are_alternatives() -> None:
    from_x = {"namespaces": {"matchLabels": {"ns": "x"}}}
    deny = [cluster(ingress=[rule("Deny", FROM_Y, from_x)])]
    assert [asked(deny, source, XA).verdict for source in (XB, YB, ZC)] == [DENIED, DENIED, ALLOWED]


def test_a_node_has_no_named_ports() -> None:
    named = rule("Deny", {"nodes": {}}, EVERY_POD, direction="to", protocols=[{"destinationNamedPort": "serve-80-tcp"}])
    assert asked([cluster(egress=[named])], XA, HOST_POD).verdict == ALLOWED
    assert asked([cluster(egress=[named])], XA, YB).verdict == DENIED


def test_nodes_are_selected_by_their_labels() -> None:
    labelled = Party("n2", "172.18.0.2", labels={"role": "db"}, node="n2", host_network=True)
    by_role = cluster(egress=[rule("Deny", {"nodes": {"matchLabels": {"role": "db"}}}, direction="to")])
    every = cluster(egress=[rule("Deny", {"nodes": {}}, direction="to")])
    assert [asked([by_role], XA, target).verdict for target in (labelled, NODE_2, YB)] == [DENIED, ALLOWED, ALLOWED]
    assert asked([every], XA, NODE_2).verdict == DENIED
    assert asked([every], XA, HOST_POD).verdict == DENIED
    assert asked([by_role], XA, HOST_POD).verdict == UNDEFINED


def test_domain_names_are_left_open_where_the_outcome_depends_on_them() -> None:
    accept = rule("Accept", {"domainNames": ["example.test"]}, direction="to")
    deny = rule("Deny", ALL_NETWORKS, direction="to")
    judgement = asked([cluster(egress=[accept, deny])], XA, OUTSIDE)
    assert judgement.verdict == UNDEFINED
    assert "says Accept, if domain names may stand for 192.0.2.1" in judgement.because
    assert asked([cluster(egress=[accept])], XA, OUTSIDE).verdict == ALLOWED


def by_service(policies: Sequence[Any], *backends: Party, external: bool = False) -> Judgement:
    frontend = Frontend("10.96.0.10", 80, "TCP", external=external)
    return judge_tiers_service(world(), policies, XA, frontend, [Backend(backend, 80) for backend in backends])


def test_a_service_is_judged_at_the_pods_behind_it() -> None:
    deny = cluster(egress=[rule("Deny", FROM_Y, direction="to")])
    assert (by_service([deny], ZC).verdict, by_service([deny], YB).verdict) == (ALLOWED, DENIED)
    assert by_service([deny], YB, ZC).verdict == UNDEFINED
    assert by_service([deny], YB, external=True).verdict == UNDEFINED
    with pytest.raises(ValueError, match="has no backend"):
        by_service([deny])


def test_networks_are_left_open_where_they_tell_a_service_from_its_pods() -> None:
    of_pods = cluster(egress=[rule("Deny", {"networks": ["10.0.0.0/24"]}, direction="to")])
    said = by_service([of_pods], YB)
    assert said.verdict == UNDEFINED
    assert "before or after DNAT, to 10.96.0.10 or to 10.0.0.18 of y/b" in said.because
    assert by_service([cluster(egress=[rule("Deny", ALL_NETWORKS, direction="to")])], YB).verdict == DENIED


def test_a_peer_of_an_unknown_sort_fails_closed() -> None:
    unknown = {"serviceAccounts": {}}
    assert asked([cluster(ingress=[rule("Accept", unknown)])], YB, XA).verdict == ALLOWED
    assert asked([cluster(ingress=[rule("Accept", unknown), rule("Deny")])], YB, XA).verdict == DENIED
    assert asked([cluster(ingress=[rule("Pass", unknown)])], YB, XA).verdict == DENIED
    assert asked([cluster(ingress=[rule("Deny", FROM_Y, unknown)])], ZC, XA).verdict == DENIED


def test_another_kind_of_policy_is_a_mistake_that_is_said() -> None:
    with pytest.raises(ValueError, match="kind 'NetworkPolicy', not AdminNetworkPolicy"):
        asked([{"kind": "NetworkPolicy", "spec": {}}], YB, XA)


def test_a_pod_and_itself_or_its_own_node_stay_open_under_deny() -> None:
    deny = cluster(ingress=[rule("Deny")], egress=[rule("Deny", ALL_NETWORKS, direction="to")])
    assert asked([deny], XA, XA).verdict == UNDEFINED
    assert asked([deny], XA, NODE_1).verdict == UNDEFINED
