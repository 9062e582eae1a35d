"""Questions about addresses that need no packet."""

from __future__ import annotations

import pytest

from pytest_k8snet.addresses import not_of_node, outside_pod_cidr, own, shared
from pytest_k8snet.probe.facts import Address, Facts
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.state import Node

NODES = (
    Node("node-1", ("10.200.0.1", "fd00:200::1"), ("10.244.1.0/24", "fd00:10:244:1::/64")),
    Node("node-2", ("10.200.0.2", "fd00:200::2"), ("10.244.2.0/24", "fd00:10:244:2::/64")),
)


def _pod(name: str, *addresses: str, node: str = "node-1", host_network: bool = False) -> Pod:
    return Pod("ns", name, node, addresses, host_network=host_network)


def test_pods_with_addresses_of_their_own_share_none() -> None:
    assert shared([_pod("a", "10.244.1.2"), _pod("b", "10.244.1.3", "fd00::3"), _pod("c")]) == {}


def test_an_address_of_two_pods_is_told_with_both() -> None:
    pods = [_pod("a", "10.244.1.2", "fd00::2"), _pod("b", "10.244.1.2", node="node-2")]
    assert shared(pods) == {"10.244.1.2": ["ns/a on node-1", "ns/b on node-2"]}


def test_host_network_pods_may_share_the_addresses_of_their_node() -> None:
    assert shared([_pod("a", "10.200.0.1", host_network=True), _pod("b", "10.200.0.1", host_network=True)]) == {}


def test_addresses_within_the_pod_cidrs_are_right() -> None:
    pods = [
        _pod("a", "10.244.1.2", "fd00:10:244:1::2"),
        _pod("b", "10.244.2.255", "fd00:10:244:2:ffff::1", node="node-2"),
    ]
    assert outside_pod_cidr(pods, NODES) == {}


def test_an_address_of_another_nodes_pod_cidr_is_wrong() -> None:
    assert outside_pod_cidr([_pod("a", "10.244.2.2", "fd00:10:244:1::2")], NODES) == {
        "a 10.244.2.2": "not within 10.244.1.0/24 of node-1"
    }


@pytest.mark.parametrize("cidrs", [(), ("10.244.1.0/24",)])
def test_a_node_without_a_pod_cidr_of_a_family_asks_nothing_of_it(cidrs: tuple[str, ...]) -> None:
    node = Node("node-1", ("10.200.0.1",), cidrs)
    assert outside_pod_cidr([_pod("a", "10.244.1.2", "2001:db8::2")], [node]) == {}


def test_a_pod_may_be_in_any_of_the_pod_cidrs_of_its_node() -> None:
    node = Node("node-1", (), ("10.244.1.0/24", "10.245.1.0/24"))
    assert outside_pod_cidr([_pod("a", "10.244.1.2"), _pod("b", "10.245.1.2")], [node]) == {}
    assert outside_pod_cidr([_pod("a", "10.246.1.2")], [node]) == {
        "a 10.246.1.2": "not within 10.244.1.0/24, 10.245.1.0/24 of node-1"
    }


def test_host_network_pods_have_the_addresses_of_their_node() -> None:
    assert not_of_node([_pod("a", "10.200.0.1", "fd00:200::1", host_network=True)], NODES) == {}


def test_an_address_that_is_not_the_nodes_is_told() -> None:
    assert not_of_node([_pod("a", "10.200.0.2", host_network=True)], NODES) == {
        "a 10.200.0.2": "not one of 10.200.0.1, fd00:200::1 of node-1"
    }


def test_a_pods_own_addresses_are_those_that_others_could_use() -> None:
    found = (
        Address("lo", "127.0.0.1", 8, Family.IPV4, "host"),
        Address("lo", "10.9.9.9", 32, Family.IPV4, "global"),
        Address("eth0", "10.244.1.2", 32, Family.IPV4, "global"),
        Address("eth0", "fd00::2", 128, Family.IPV6, "global"),
        Address("eth0", "fe80::2", 64, Family.IPV6, "link"),
    )
    assert own(Facts(found, (), (), "a", 1, "")) == {"10.244.1.2", "fd00::2"}
