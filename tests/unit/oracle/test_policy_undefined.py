"""Where the API leaves open what a NetworkPolicy does, the oracle says so, and only if the outcome depends on it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_k8snet.oracle.policy_world import Party, Verdict
from tests.unit.oracle.policy_examples import (
    HOST_POD,
    NODE_1,
    NODE_2,
    OUTSIDE,
    PORTS,
    XA,
    XB,
    YB,
    asked,
    egress,
    ingress,
    policy,
)

ALLOWED, DENIED, UNDEFINED = Verdict.ALLOWED, Verdict.DENIED, Verdict.UNDEFINED
DENY_X = policy("x", "deny", policyTypes=["Ingress", "Egress"])
PORT_80 = {"ports": [{"port": 80}]}
NEIGHBOUR = Party("host", NODE_1.address, "y", {"pod": "b"}, PORTS, "n1", host_network=True)


def test_a_pod_may_be_unable_to_block_itself() -> None:
    judgement = asked([DENY_X], XA, XA)
    assert judgement.verdict == UNDEFINED
    assert judgement.because == (
        "x/deny selects x/a and has no egress rules, but a pod cannot block access to itself by the documentation, and "
        "implementations differ"
    )
    assert asked([ingress({"from": [{"podSelector": {}}]})], XA, XA).verdict == ALLOWED
    assert asked([DENY_X], XA, XB).verdict == DENIED


@pytest.mark.parametrize("node", [NODE_1, NEIGHBOUR])
def test_a_pod_may_be_unable_to_block_its_own_node(node: Party) -> None:
    for source, target in ((XA, node), (node, XA)):
        judgement = asked([DENY_X], source, target)
        assert judgement.verdict == UNDEFINED
        assert f"but {node.shown} is on x/a's own node" in judgement.because
    assert asked([ingress(PORT_80)], node, XA).verdict == ALLOWED


def test_a_pod_can_block_other_nodes() -> None:
    assert asked([DENY_X], NODE_2, XA).verdict == DENIED
    assert asked([DENY_X], XA, NODE_2).verdict == DENIED


def test_an_end_whose_node_is_not_known_is_on_no_pods_own_node() -> None:
    host = Party("host", "172.18.0.9", host_network=True)
    assert asked([DENY_X], host, Party("a", "10.0.0.1", "x")).verdict == DENIED


@pytest.mark.parametrize("node", [NODE_2, HOST_POD])
def test_a_block_may_not_mean_nodes(node: Party) -> None:
    block = {"ipBlock": {"cidr": f"{node.address}/32"}}
    for judgement in (asked([ingress({"from": [block]})], node, XA), asked([egress({"to": [block]})], XA, node)):
        assert judgement.verdict == UNDEFINED
        assert "implementations differ in whether blocks mean nodes" in judgement.because
    other = {"ipBlock": {"cidr": "0.0.0.0/0", "except": [f"{node.address}/32"]}}
    assert asked([ingress({"from": [other]})], node, XA).verdict == DENIED
    assert asked([ingress({"from": [block]}, {})], node, XA).verdict == ALLOWED


@pytest.mark.parametrize(
    ("peer", "verdict"),
    [
        ({"namespaceSelector": {}}, UNDEFINED),
        ({"namespaceSelector": {"matchLabels": {"ns": "y"}}, "podSelector": {"matchLabels": {"pod": "b"}}}, UNDEFINED),
        ({"namespaceSelector": {"matchLabels": {"ns": "z"}}}, DENIED),
        ({"podSelector": {}}, DENIED),
    ],
)
def test_a_selector_may_or_may_not_see_host_network_pods(peer: dict[str, Any], verdict: Verdict) -> None:
    for judgement in (asked([ingress({"from": [peer]})], HOST_POD, XA), asked([egress({"to": [peer]})], XA, HOST_POD)):
        assert judgement.verdict == verdict
        assert ("a hostNetwork pod, which the API lets implementations treat" in judgement.because) == (
            verdict == UNDEFINED
        )


def test_one_reason_is_enough() -> None:
    judgement = asked([ingress({"from": [{"namespaceSelector": {}}]})], NEIGHBOUR, XA)
    assert judgement.because == (
        "x/base ingress rule 0 leaves it open: the selectors fit y/host, a hostNetwork pod, which the API lets "
        "implementations treat as a pod or as its node"
    )


def test_no_selector_sees_a_node() -> None:
    assert asked([ingress({"from": [{"namespaceSelector": {}}]})], NODE_2, XA).verdict == DENIED


def test_policies_may_or_may_not_select_host_network_pods() -> None:
    deny_y = policy("y", "deny", podSelector={"matchLabels": {"pod": "b"}}, policyTypes=["Ingress", "Egress"])
    judgement = asked([deny_y], XA, HOST_POD)
    assert judgement.verdict == UNDEFINED
    assert judgement.because.endswith(
        "y/agent is a hostNetwork pod, which the API lets implementations treat as its node"
    )
    assert asked([deny_y], HOST_POD, XA).verdict == UNDEFINED
    assert asked([policy("y", "other", podSelector={"matchLabels": {"pod": "c"}})], XA, HOST_POD).verdict == ALLOWED
    open_80 = policy("y", "open", ingress=[PORT_80])
    assert asked([open_80], XA, HOST_POD, 80).verdict == ALLOWED
    assert asked([open_80], XA, HOST_POD, 81).verdict == UNDEFINED
    by_name = policy("y", "named", ingress=[{"ports": [{"port": "serve-80-tcp"}]}])
    assert asked([by_name], XA, HOST_POD, 80).verdict == ALLOWED


def test_a_node_may_have_no_named_ports() -> None:
    named = egress({"ports": [{"port": "serve-80-tcp"}]})
    assert asked([named], XA, HOST_POD, 80).verdict == UNDEFINED
    assert asked([named], XA, HOST_POD, 81).verdict == DENIED
    both = egress({"ports": [{"port": "serve-80-tcp"}, {"port": 80}]})
    assert asked([both], XA, HOST_POD, 80).verdict == ALLOWED


def test_what_one_side_denies_for_certain_is_denied_whatever_the_other_leaves_open() -> None:
    deny_y = policy("y", "deny", policyTypes=["Ingress", "Egress"])
    out_of = asked([deny_y, policy("x", "deny", policyTypes=["Egress"])], XA, HOST_POD)
    assert [side.verdict for side in out_of.sides] == [DENIED, UNDEFINED]
    assert out_of.verdict == DENIED
    assert out_of.because == "x/deny selects x/a and has no egress rules"
    into = asked([deny_y, policy("x", "deny")], HOST_POD, XA)
    assert [side.verdict for side in into.sides] == [UNDEFINED, DENIED]
    assert into.verdict == DENIED
    assert into.because == "x/deny selects x/a and has no ingress rules"


def test_ordinary_pods_and_hosts_outside_are_never_left_open() -> None:
    for source, target in ((YB, XA), (XA, YB), (OUTSIDE, XA), (XA, OUTSIDE)):
        assert asked([DENY_X], source, target).verdict == DENIED
