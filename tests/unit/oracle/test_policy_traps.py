"""The traps of NetworkPolicy v1, one by one, each written by hand from the text of the API."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_k8snet.oracle.policy_world import NamedPort, Party, Verdict
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
    asked,
    egress,
    ingress,
    pod,
    policy,
)

ALLOWED, DENIED, UNDEFINED = Verdict.ALLOWED, Verdict.DENIED, Verdict.UNDEFINED
B = {"matchLabels": {"pod": "b"}}
NS_Y = {"matchLabels": {"ns": "y"}}
XA6, YB6 = pod("x", "a", 6), pod("y", "b", 6)


def expressions(*requirements: tuple[str, ...]) -> dict[str, Any]:
    return {
        "matchExpressions": [
            {"key": key, "operator": operator} | ({"values": list(values)} if values else {})
            for key, operator, *values in requirements
        ]
    }


@pytest.mark.parametrize(
    ("selector", "verdict"),
    [
        ({}, ALLOWED),
        (B, ALLOWED),
        ({"matchLabels": {"pod": "b", "absent": "b"}}, DENIED),
        ({"matchLabels": None, "matchExpressions": None}, ALLOWED),
        (expressions(("pod", "In", "a", "b")), ALLOWED),
        (expressions(("pod", "In", "a", "c")), DENIED),
        (expressions(("absent", "In", "a")), DENIED),
        (expressions(("pod", "NotIn", "a")), ALLOWED),
        (expressions(("pod", "NotIn", "a", "b")), DENIED),
        (expressions(("absent", "NotIn", "a")), ALLOWED),
        (expressions(("pod", "Exists")), ALLOWED),
        (expressions(("absent", "Exists")), DENIED),
        (expressions(("absent", "DoesNotExist")), ALLOWED),
        (expressions(("pod", "DoesNotExist")), DENIED),
        (expressions(("pod", "Exists"), ("pod", "In", "a")), DENIED),
        (B | expressions(("pod", "NotIn", "b")), DENIED),
    ],
)
def test_a_selector_means_all_of_its_requirements(selector: dict[str, Any], verdict: Verdict) -> None:
    assert asked([ingress({"from": [{"podSelector": selector}]})], XB, XA).verdict == verdict
    assert asked([ingress({"from": [{"namespaceSelector": {}, "podSelector": selector}]})], YB, XA).verdict == verdict
    isolated = asked([policy(podSelector=selector)], XA, XB).verdict
    assert isolated == (DENIED if verdict == ALLOWED else ALLOWED)


def test_an_unknown_operator_is_refused() -> None:
    with pytest.raises(ValueError, match="'Like'; the API knows In, NotIn, Exists and DoesNotExist"):
        asked([policy(podSelector=expressions(("pod", "Like", "b")))], XB, XA)


@pytest.mark.parametrize(
    ("spec", "into", "out_of"),
    [
        ({}, DENIED, ALLOWED),
        ({"policyTypes": []}, DENIED, ALLOWED),
        ({"ingress": []}, DENIED, ALLOWED),
        ({"ingress": [{}]}, ALLOWED, ALLOWED),
        ({"egress": []}, DENIED, ALLOWED),
        ({"egress": None}, DENIED, ALLOWED),
        ({"egress": [{}]}, DENIED, ALLOWED),
        ({"egress": [{"ports": [{"port": 7}]}]}, DENIED, DENIED),
        ({"policyTypes": ["Egress"]}, ALLOWED, DENIED),
        ({"policyTypes": ["Egress"], "ingress": [{"ports": [{"port": 7}]}]}, ALLOWED, DENIED),
        ({"policyTypes": ["Ingress"], "egress": [{"ports": [{"port": 7}]}]}, DENIED, ALLOWED),
        ({"policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]}, ALLOWED, ALLOWED),
        ({"policyTypes": ["Ingress", "Egress"]}, DENIED, DENIED),
    ],
)
def test_what_a_policy_isolates_follows_from_its_types_and_lists(
    spec: dict[str, Any], into: Verdict, out_of: Verdict
) -> None:
    assert asked([policy(**spec)], YB, XA).verdict == into
    assert asked([policy(**spec)], XA, YB).verdict == out_of


def test_a_policy_without_a_pod_selector_selects_every_pod_of_its_namespace() -> None:
    bare = {"metadata": {"namespace": "x", "name": "bare"}, "spec": {"policyTypes": ["Ingress"]}}
    assert asked([bare], YB, XA).verdict == DENIED
    assert asked([bare], XA, YB).verdict == ALLOWED


@pytest.mark.parametrize(
    ("peer", "allowed"),
    [
        ({"podSelector": {}}, [XB]),
        ({"podSelector": B}, [XB]),
        ({"namespaceSelector": {}}, [XB, YB, YC, ZC]),
        ({"namespaceSelector": {}, "podSelector": {}}, [XB, YB, YC, ZC]),
        ({"namespaceSelector": {}, "podSelector": B}, [XB, YB]),
        ({"namespaceSelector": NS_Y}, [YB, YC]),
        ({"namespaceSelector": NS_Y, "podSelector": None}, [YB, YC]),
        ({"namespaceSelector": None, "podSelector": B}, [XB]),
        ({"namespaceSelector": NS_Y, "podSelector": B}, [YB]),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "z"}}}, [ZC]),
        ({"namespaceSelector": expressions(("ns", "NotIn", "y"))}, [XB, ZC]),
        ({"ipBlock": {"cidr": f"{YB.address}/32"}}, [YB]),
        ({"ipBlock": {"cidr": "10.0.0.0/24", "except": [f"{YB.address}/31"]}}, [XB, ZC]),
        ({"ipBlock": {"cidr": "0.0.0.0/0"}}, [XB, YB, YC, ZC, OUTSIDE]),
        ({"ipBlock": {"cidr": "192.0.2.0/24", "except": []}}, [OUTSIDE]),
        ({"ipBlock": {"cidr": "::/0"}}, []),
    ],
)
def test_who_a_peer_is(peer: dict[str, Any], allowed: list[Party]) -> None:
    others = [XB, YB, YC, ZC, OUTSIDE]
    names = {party.shown for party in allowed}
    assert {one.shown for one in others if asked([ingress({"from": [peer]})], one, XA).verdict == ALLOWED} == names
    assert {one.shown for one in others if asked([egress({"to": [peer]})], XA, one).verdict == ALLOWED} == names


def test_peers_of_a_rule_are_alternatives_and_selectors_of_a_peer_are_not() -> None:
    apart = ingress({"from": [{"namespaceSelector": NS_Y}, {"podSelector": B}]})
    assert [asked([apart], source, XA).verdict for source in (XB, YB, YC, ZC)] == [ALLOWED, ALLOWED, ALLOWED, DENIED]


@pytest.mark.parametrize("peers", [{}, {"from": []}, {"from": None}])
def test_a_rule_without_peers_allows_every_source_also_nodes_and_outside(peers: dict[str, Any]) -> None:
    rule = peers | {"ports": [{"port": 80}]}
    for source in (XB, YB, OUTSIDE, NODE_1, NODE_2, HOST_POD):
        assert asked([ingress(rule)], source, XA).verdict == ALLOWED
    assert asked([ingress(rule)], OUTSIDE, XA, 81).verdict == DENIED


@pytest.mark.parametrize(
    ("port", "allowed"),
    [
        ({"port": 80}, {"TCP 80"}),
        ({"port": 80, "protocol": None}, {"TCP 80"}),
        ({"protocol": "UDP", "port": 81}, {"UDP 81"}),
        ({}, {"TCP 80", "TCP 81"}),
        ({"protocol": "SCTP"}, {"SCTP 80", "SCTP 81"}),
        ({"port": 79, "endPort": 80}, {"TCP 80"}),
        ({"port": 80, "endPort": 80}, {"TCP 80"}),
        ({"port": 81, "endPort": 90, "protocol": "UDP"}, {"UDP 81"}),
        ({"port": 80, "endPort": None}, {"TCP 80"}),
        ({"port": 1, "endPort": 79}, set()),
        ({"port": 82, "endPort": 65535}, set()),
        ({"port": "serve-80-tcp"}, {"TCP 80"}),
        ({"port": "serve-81-udp", "protocol": "UDP"}, {"UDP 81"}),
        ({"port": "serve-81-udp"}, set()),
        ({"port": "serve-81-udp", "protocol": "TCP"}, set()),
        ({"port": "nobody-serves-it"}, set()),
        ({"port": 7981}, set()),
    ],
)
def test_what_a_port_means(port: dict[str, Any], allowed: set[str]) -> None:
    every = [(number, protocol) for number in (80, 81) for protocol in ("TCP", "UDP", "SCTP")]
    into, out_of = ingress({"ports": [port]}), egress({"ports": [port]})
    assert {f"{one} {no}" for no, one in every if asked([into], YB, XA, no, one).verdict == ALLOWED} == allowed
    assert {f"{one} {no}" for no, one in every if asked([out_of], XA, YB, no, one).verdict == ALLOWED} == allowed


@pytest.mark.parametrize("ports", [{}, {"ports": []}, {"ports": None}])
def test_a_rule_without_ports_allows_every_port_of_every_protocol(ports: dict[str, Any]) -> None:
    for protocol in ("TCP", "UDP", "SCTP"):
        assert asked([ingress({"from": [{"podSelector": B}]} | ports)], XB, XA, 4, protocol).verdict == ALLOWED


def test_a_named_port_is_the_one_that_the_destination_declares_whoever_is_selected() -> None:
    server = pod("y", "b", ports=(NamedPort("web", "TCP", 8080),))
    client = pod("x", "a", ports=(NamedPort("web", "TCP", 80),))
    for named in (egress({"ports": [{"port": "web"}]}), ingress({"ports": [{"port": "web"}]}, podSelector={})):
        source, target = (client, server) if "egress" in named["spec"] else (server, client)
        number = target.ports[0].number
        assert asked([named], source, target, number).verdict == ALLOWED
        assert asked([named], source, target, source.ports[0].number).verdict == DENIED


def test_a_port_of_a_name_outside_the_cluster_does_not_exist() -> None:
    assert asked([egress({"ports": [{"port": "serve-80-tcp"}]})], XA, OUTSIDE).verdict == DENIED


@pytest.mark.parametrize(
    ("block", "v4", "v6"),
    [
        ({"cidr": "0.0.0.0/0"}, ALLOWED, DENIED),
        ({"cidr": "::/0"}, DENIED, ALLOWED),
        ({"cidr": "::/0", "except": ["fd00::/120"]}, DENIED, DENIED),
        ({"cidr": "fd00::/64", "except": ["fd00::100/120"]}, DENIED, ALLOWED),
        ({"cidr": "0.0.0.0/0", "except": ["10.0.0.16/28"]}, DENIED, DENIED),
    ],
)
def test_a_block_is_of_one_family(block: dict[str, Any], v4: Verdict, v6: Verdict) -> None:
    rule = ingress({"from": [{"ipBlock": block}]})
    assert asked([rule], YB, XA).verdict == v4
    assert asked([rule], YB6, XA6).verdict == v6


def test_an_address_that_one_block_excepts_and_another_names_is_allowed() -> None:
    overlap = ingress(
        {
            "from": [
                {"ipBlock": {"cidr": "10.0.0.0/24", "except": ["10.0.0.16/28"]}},
                {"ipBlock": {"cidr": f"{YB.address}/32"}},
            ]
        }
    )
    assert asked([overlap], YB, XA).verdict == ALLOWED
    assert asked([overlap], YC, XA).verdict == DENIED


def test_a_rule_joins_its_peers_and_its_ports_and_does_not_lend_them_to_another() -> None:
    rules = ingress({"from": [{"podSelector": B}], "ports": [{"port": 80}]}, {"ports": [{"port": 81}]})
    assert asked([rules], XB, XA, 80).verdict == ALLOWED
    assert asked([rules], YB, XA, 80).verdict == DENIED
    assert asked([rules], YB, XA, 81).verdict == ALLOWED


def test_policies_add_up_and_cannot_deny() -> None:
    deny, allow = policy(name="deny"), ingress({"from": [{"namespaceSelector": NS_Y}]}, podSelector={})
    assert asked([deny], YB, XA).verdict == DENIED
    assert asked([deny, allow], YB, XA).verdict == ALLOWED
    assert asked([deny, allow], ZC, XA).verdict == DENIED


def test_both_sides_must_allow() -> None:
    out, into = policy("y", "out", policyTypes=["Egress"]), ingress({})
    assert asked([out, into], YB, XA).verdict == DENIED
    assert asked([into], YB, XA).verdict == ALLOWED
    assert asked([out], XA, YB).verdict == ALLOWED


def test_a_policy_isolates_in_its_own_namespace_only() -> None:
    assert asked([policy("y", policyTypes=["Ingress", "Egress"])], ZC, XA).verdict == ALLOWED


def test_without_policies_everything_is_allowed() -> None:
    for source in (XA, YB, OUTSIDE, NODE_1, HOST_POD):
        for target in (XA, ZC, OUTSIDE, NODE_1, HOST_POD):
            assert asked([], source, target).verdict == ALLOWED


def test_policies_do_not_select_what_is_no_pod() -> None:
    deny = [policy(name, policyTypes=["Ingress", "Egress"]) for name in "xyz"]
    for one in (OUTSIDE, NODE_1):
        assert asked(deny, one, NODE_2).verdict == ALLOWED
