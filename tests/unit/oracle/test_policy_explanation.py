"""What people read beside a failing cell, and the whole explanation."""

from __future__ import annotations

from pytest_k8snet.oracle.policy_explanation import explain, explain_service
from pytest_k8snet.oracle.policy_world import Backend, Connection, Frontend
from tests.unit.oracle.policy_examples import (
    HOST_POD,
    NODE_1,
    OUTSIDE,
    XA,
    XB,
    YB,
    ZC,
    asked,
    egress,
    ingress,
    policy,
    world,
)

B = {"podSelector": {"matchLabels": {"pod": "b"}}}
NS_Y = {"namespaceSelector": {"matchLabels": {"ns": "y"}}}


def test_the_ports_that_a_rule_allows_are_named() -> None:
    ports = [{"port": 80}, {"port": 90, "endPort": 99, "protocol": "UDP"}, {"protocol": "SCTP"}]
    assert asked([ingress({"ports": ports})], YB, XA, 81).because == (
        "x/base ingress rule 0 allows TCP 80, UDP 90-99, every SCTP port only"
    )


def test_a_named_port_tells_which_number_is_missing_at_the_target() -> None:
    assert asked([ingress({"ports": [{"port": "serve-80-tcp"}]})], YB, XA, 81).because == (
        "x/base ingress rule 0 allows TCP serve-80-tcp only, and x/a declares no such port with number 81"
    )


def test_a_peer_that_is_missing_is_shown_with_what_the_rule_looks_at() -> None:
    assert asked([ingress({"from": [B]})], YB, XA).because == (
        "x/base ingress rule 0 allows pods with pod=b in x only, not y/b (labels pod=b)"
    )
    assert asked([ingress({"from": [B | NS_Y, {"ipBlock": {"cidr": "10.0.0.0/30"}}]})], ZC, XA).because == (
        "x/base ingress rule 0 allows pods with pod=b in namespaces with ns=y or 10.0.0.0/30 only, not z/c "
        "(10.0.0.35; labels pod=c; namespace labels kubernetes.io/metadata.name=z,ns=z)"
    )
    assert asked([ingress({"from": [B]})], OUTSIDE, XA).because == (
        "x/base ingress rule 0 allows pods with pod=b in x only, not internet (no pod)"
    )


def test_a_block_is_shown_with_what_it_excepts() -> None:
    block = {"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.0/31", "192.0.2.8/32"]}}
    assert asked([egress({"to": [block]})], XA, OUTSIDE).because == (
        "x/base egress rule 0 allows 192.0.2.0/24 except 192.0.2.0/31, 192.0.2.8/32 only, "
        "not internet (192.0.2.1; no pod)"
    )


def test_a_rule_that_fits_neither_way_says_both() -> None:
    assert asked([ingress({"from": [B], "ports": [{"port": 80}]})], YB, XA, 81).because == (
        "x/base ingress rule 0 allows pods with pod=b in x only, not y/b (labels pod=b), and TCP 80 only"
    )


def test_of_several_rules_the_one_that_comes_nearest_is_named_and_the_others_counted() -> None:
    far, near = {"from": [B], "ports": [{"port": 80}]}, {"from": [NS_Y], "ports": [{"port": 80}]}
    assert asked([ingress(far, near)], YB, XA, 81).because == (
        "x/base ingress rule 1 allows TCP 80 only; nor does the other rule"
    )
    assert asked([ingress(far, near), ingress(far, name="more")], YB, XA, 81).because.endswith(
        "; nor do the other 2 rules"
    )


def test_policies_without_rules_are_named_together() -> None:
    assert asked([policy("x", "one"), policy("x", "another")], YB, XA).because == (
        "x/another and x/one select x/a and have no ingress rules"
    )


def test_what_allows_is_named_on_each_side_that_is_isolated() -> None:
    assert asked([ingress({"from": [NS_Y], "ports": [{"port": 80}]})], YB, XA).because == (
        "x/base ingress rule 0 allows all pods in namespaces with ns=y at TCP 80"
    )
    both = [ingress({"from": [B]}), policy("x", "out", policyTypes=["Egress"], egress=[{}])]
    assert asked(both, XB, XA).because == (
        "x/out egress rule 0 allows everything and x/base ingress rule 0 allows pods with pod=b in x at every port"
    )
    assert asked([], XB, XA).because == "no policy isolates x/b for egress and no policy isolates x/a for ingress"
    assert asked([], NODE_1, XA).because == ("policies do not select nodes (n1) and no policy isolates x/a for ingress")


def test_every_selector_is_written_as_kubectl_writes_it() -> None:
    operators = [
        {"key": "pod", "operator": "In", "values": ["a", "c"]},
        {"key": "app", "operator": "NotIn", "values": ["web"]},
        {"key": "tier", "operator": "Exists"},
        {"key": "old", "operator": "DoesNotExist"},
    ]
    peer = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"k": "v"}, "matchExpressions": operators}}
    assert "pods with k=v,pod in (a,c),app notin (web),tier,!old in all namespaces only" in (
        asked([ingress({"from": [peer]})], YB, XA).because
    )


def test_the_whole_explanation_shows_every_rule_of_every_policy_that_selects() -> None:
    rules = [{"from": [B]}, {"ports": [{"port": 80}]}, {"from": [NS_Y], "ports": [{"port": 80}]}]
    policies = world(ingress(*rules), policy("x", "deny"), policy("y", "not-asked"))
    assert explain(policies, Connection(YB, XA, "TCP", 81)) == [
        "y/b (10.0.0.18) -> x/a (10.0.0.1) TCP 81: denied",
        "  egress of y/b: allowed, because no policy isolates y/b for egress",
        "  ingress of x/a: denied, because x/base ingress rule 1 allows TCP 80 only; nor do the other 2 rules",
        "    x/base selects it",
        "      rule 0 allows pods with pod=b in x at every port: not this peer",
        "      rule 1 allows every peer at TCP 80: not this port",
        "      rule 2 allows all pods in namespaces with ns=y at TCP 80: not this port",
        "    x/deny selects it and has no ingress rules",
    ]


def test_the_whole_explanation_says_which_rule_fits_and_which_leaves_it_open() -> None:
    rules = [{"from": [B]}, {"from": [{"namespaceSelector": {}}]}]
    fits = explain(world(ingress(*rules)), Connection(XB, XA, "TCP", 80))
    assert "      rule 0 allows pods with pod=b in x at every port: fits" in fits
    left_open = explain(world(ingress(*rules)), Connection(HOST_POD, XA, "TCP", 80))
    assert any("rule 1 allows all pods in all namespaces at every port: left open, " in line for line in left_open)


def test_the_explanation_of_a_service_has_a_part_for_each_backend() -> None:
    policies = world(policy("y", "deny", podSelector={"matchLabels": {"pod": "b"}}))
    frontend, backends = Frontend("10.96.0.1", 8000, "TCP"), [Backend(YB, 80), Backend(ZC, 81)]
    assert explain_service(policies, XA, frontend, backends) == [
        "x/a -> Service 10.96.0.1 TCP 8000: undefined, because it depends on the backend that the Service chooses: "
        "denied at y/b, allowed at z/c",
        "  at y/b (10.0.0.18) TCP 80",
        "    egress of x/a: allowed, because no policy isolates x/a for egress",
        "    ingress of y/b: denied, because y/deny selects y/b and has no ingress rules",
        "      y/deny selects it and has no ingress rules",
        "  at z/c (10.0.0.35) TCP 81",
        "    egress of x/a: allowed, because no policy isolates x/a for egress",
        "    ingress of z/c: allowed, because no policy isolates z/c for ingress",
    ]
