"""Policies and connections to Services: judged at the backend, and open where the API does not say what is seen."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_k8snet.oracle.network_policy import judge_service
from pytest_k8snet.oracle.policy_world import Backend, Frontend, Judgement, Party, Verdict
from tests.unit.oracle.policy_examples import NODE_1, OUTSIDE, XA, XB, YB, YC, ZC, egress, ingress, policy, world

ALLOWED, DENIED, UNDEFINED = Verdict.ALLOWED, Verdict.DENIED, Verdict.UNDEFINED
CLUSTER_IP = Frontend("10.96.0.1", 8000, "TCP")
NODE_PORT_1 = Frontend(NODE_1.address, 30080, "TCP", external=True, node="n1")
NODE_PORT_2 = Frontend("172.18.0.2", 30080, "TCP", external=True, node="n2")
LOCAL = Frontend("203.0.113.1", 8000, "TCP", external=True, local=True)
BALANCER = Frontend("203.0.113.1", 8000, "TCP", external=True)
XA_80, YB_80, YC_80 = Backend(XA, 80), Backend(YB, 80), Backend(YC, 80)


def through(policies: list[dict[str, Any]], source: Party, frontend: Frontend, *backends: Backend) -> Judgement:
    return judge_service(world(*policies), source, frontend, backends)


@pytest.mark.parametrize("frontend", [CLUSTER_IP, NODE_PORT_1, BALANCER, LOCAL])
def test_without_policies_every_service_is_open(frontend: Frontend) -> None:
    assert through([], ZC, frontend, YB_80, YC_80).verdict == ALLOWED
    assert through([], YB, frontend, YB_80).verdict == ALLOWED


@pytest.mark.parametrize(
    ("port", "verdict"), [(80, ALLOWED), ("serve-80-tcp", ALLOWED), (8000, DENIED), ("serve-81-tcp", DENIED)]
)
def test_the_target_port_counts_and_not_that_of_the_service(port: int | str, verdict: Verdict) -> None:
    rule = {"ports": [{"port": port}]}
    assert through([egress(rule)], XA, CLUSTER_IP, YB_80).verdict == verdict
    assert through([ingress(rule)], YB, CLUSTER_IP, XA_80).verdict == verdict


@pytest.mark.parametrize(("label", "verdict"), [("b", ALLOWED), ("c", DENIED)])
def test_selectors_see_the_backend_and_the_client(label: str, verdict: Verdict) -> None:
    peer = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"pod": label}}}
    assert through([egress({"to": [peer]})], XA, CLUSTER_IP, YB_80).verdict == verdict
    assert through([ingress({"from": [peer]})], YB, CLUSTER_IP, XA_80).verdict == verdict


@pytest.mark.parametrize(
    ("blocks", "ports", "verdict"),
    [
        (["10.0.0.0/24"], [], UNDEFINED),
        (["10.96.0.0/16"], [], UNDEFINED),
        (["10.0.0.0/8"], [], ALLOWED),
        (["192.0.2.0/24"], [], DENIED),
        (["10.0.0.0/8"], [{"port": 80}], UNDEFINED),
        (["10.0.0.0/8"], [{"port": 8000}], UNDEFINED),
        (["10.0.0.0/8"], [{"port": "serve-80-tcp"}], UNDEFINED),
        (["10.0.0.0/8"], [{"port": 80, "endPort": 8000}], ALLOWED),
        (["10.0.0.0/8"], [{"port": 7}], DENIED),
        (["::/0"], [], DENIED),
    ],
)
def test_a_block_may_be_compared_before_or_after_dnat(
    blocks: list[str], ports: list[dict[str, Any]], verdict: Verdict
) -> None:
    rule = {"to": [{"ipBlock": {"cidr": block}} for block in blocks], "ports": ports}
    judgement = through([egress(rule)], XA, CLUSTER_IP, YB_80)
    assert judgement.verdict == verdict
    if verdict == UNDEFINED:
        assert judgement.because == (
            "x/base egress rule 0 leaves it open: policies may see the connection before or after DNAT, to 10.96.0.1 "
            "at 8000 or to 10.0.0.18 of y/b at 80"
        )


def test_a_block_of_sources_is_not_touched_by_a_cluster_address() -> None:
    rule = {"from": [{"ipBlock": {"cidr": f"{YB.address}/32"}}]}
    assert through([ingress(rule)], YB, CLUSTER_IP, XA_80).verdict == ALLOWED
    assert through([ingress(rule)], YC, CLUSTER_IP, XA_80).verdict == DENIED


def test_backends_that_differ_leave_it_to_the_choice() -> None:
    only_b = policy("y", "only-b", podSelector={"matchLabels": {"pod": "c"}})
    assert through([only_b], XA, CLUSTER_IP, YB_80).verdict == ALLOWED
    assert through([only_b], XA, CLUSTER_IP, YC_80).verdict == DENIED
    both = through([only_b], XA, CLUSTER_IP, YB_80, YC_80)
    assert both.verdict == UNDEFINED
    assert both.because == "it depends on the backend that the Service chooses: allowed at y/b, denied at y/c"
    assert through([policy("y", "all")], XA, CLUSTER_IP, YB_80, YC_80).verdict == DENIED


def test_a_service_without_backends_is_nothing_that_policies_say_something_of() -> None:
    with pytest.raises(ValueError, match=r"the Service at 10\.96\.0\.1 has no backend"):
        through([], XA, CLUSTER_IP)


def test_hairpin_is_left_open_unless_every_source_is_allowed() -> None:
    from_all_pods = {"from": [{"namespaceSelector": {}}]}
    assert through([ingress(from_all_pods)], XA, CLUSTER_IP, XA_80).verdict == UNDEFINED
    assert through([policy()], XA, CLUSTER_IP, XA_80).verdict == UNDEFINED
    assert through([egress()], XA, CLUSTER_IP, XA_80).verdict == UNDEFINED
    assert through([ingress({})], XA, CLUSTER_IP, XA_80).verdict == ALLOWED
    assert through([ingress(from_all_pods)], XB, CLUSTER_IP, XA_80).verdict == ALLOWED


@pytest.mark.parametrize("frontend", [NODE_PORT_2, BALANCER])
@pytest.mark.parametrize("peer", [{"namespaceSelector": {}}, {"ipBlock": {"cidr": "0.0.0.0/0"}}])
def test_an_external_frontend_may_change_the_source(frontend: Frontend, peer: dict[str, Any]) -> None:
    judgement = through([ingress({"from": [peer]})], OUTSIDE, frontend, XA_80)
    assert judgement.verdict == UNDEFINED
    assert "may give internet another source address" in judgement.because
    assert through([ingress({"ports": [{"port": 80}]})], OUTSIDE, frontend, XA_80).verdict == ALLOWED


def test_an_address_of_the_other_family_stays_one_whatever_the_path_makes_of_it() -> None:
    assert through([ingress({"from": [{"ipBlock": {"cidr": "::/0"}}]})], OUTSIDE, NODE_PORT_2, XA_80).verdict == DENIED


def test_traffic_policy_local_keeps_the_source() -> None:
    rule = ingress({"from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]})
    assert through([rule], OUTSIDE, LOCAL, XA_80).verdict == ALLOWED
    assert through([policy()], OUTSIDE, LOCAL, XA_80).verdict == DENIED


def test_a_node_port_of_the_backends_node_may_come_as_the_own_node() -> None:
    assert through([policy()], OUTSIDE, NODE_PORT_2, XA_80).verdict == DENIED
    for frontend in (NODE_PORT_1, BALANCER):
        judgement = through([policy()], OUTSIDE, frontend, XA_80)
        assert judgement.verdict == UNDEFINED
        assert judgement.because.endswith("the address of the pod's own node")


def test_egress_to_an_external_frontend_may_be_judged_before_or_after_dnat() -> None:
    for rule in ({"to": [{"namespaceSelector": {}}]}, {"ports": [{"port": 80}]}, {"ports": [{"port": 30080}]}):
        assert through([egress(rule)], XA, NODE_PORT_2, YB_80).verdict == UNDEFINED
    assert through([egress({})], XA, NODE_PORT_2, YB_80).verdict == ALLOWED
    assert through([egress()], XA, NODE_PORT_2, YB_80).verdict == DENIED
    assert through([egress({"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]})], XA, NODE_PORT_2, YB_80).verdict == UNDEFINED


def test_egress_to_a_node_port_of_the_own_node_may_be_exempt() -> None:
    judgement = through([egress()], XA, NODE_PORT_1, YB_80)
    assert judgement.verdict == UNDEFINED
    assert judgement.because.endswith("172.18.0.1 is an address of x/a's own node, whose traffic is always allowed")
