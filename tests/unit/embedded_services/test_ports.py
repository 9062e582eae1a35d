"""What a proxy reads from Services and their slices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_k8snet.embedded.services.conntrack import Flow
from pytest_k8snet.embedded.services.ports import Endpoint, near, service_ports
from pytest_k8snet.embedded.services.udp import destinations, stale_flows

Object = dict[str, Any]


def service(**spec: Any) -> Object:
    whole = {
        "clusterIP": "10.96.0.9",
        "clusterIPs": ["10.96.0.9", "fd00:10:96::9"],
        "ports": [{"name": "web", "port": 80, "protocol": "TCP"}, {"name": "dns", "port": 53, "protocol": "UDP"}],
        **spec,
    }
    return {"metadata": {"name": "web", "namespace": "x"}, "spec": whole}


def endpoints(
    kind: str, *addresses: str, ports: Any = (("web", 8080, "TCP"), ("dns", 5353, "UDP")), **told: Any
) -> Object:
    return {
        "addressType": kind,
        "ports": [{"name": name, "port": number, "protocol": protocol} for name, number, protocol in ports],
        "endpoints": [{"addresses": [address], "nodeName": "node-1", **told} for address in addresses],
    }


def test_each_port_in_each_family_has_its_own_endpoints() -> None:
    made = service_ports(service(), [endpoints("IPv4", "10.244.1.2"), endpoints("IPv6", "fd00::2")])
    assert [(one.version, one.protocol, [(e.address, e.port) for e in one.endpoints]) for one in made] == [
        (4, "tcp", [("10.244.1.2", 8080)]),
        (4, "udp", [("10.244.1.2", 5353)]),
        (6, "tcp", [("fd00::2", 8080)]),
        (6, "udp", [("fd00::2", 5353)]),
    ]


@pytest.mark.parametrize("spec", [{"clusterIP": "None"}, {"type": "ExternalName", "clusterIP": ""}], ids=str)
def test_what_has_no_cluster_address_is_not_served(spec: Object) -> None:
    assert service_ports(service(**spec), [endpoints("IPv4", "10.244.1.2")]) == ()


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, (True, True, False)),
        ({"ready": None}, (True, True, False)),
        ({"ready": False}, (False, False, False)),
        ({"ready": False, "serving": True, "terminating": True}, (False, True, True)),
        ({"ready": True, "serving": False}, (True, False, False)),
    ],
    ids=str,
)
def test_conditions_that_are_not_told_mean_ready(conditions: Object, expected: tuple[bool, bool, bool]) -> None:
    (made, *_) = service_ports(service(), [endpoints("IPv4", "10.244.1.2", conditions=conditions)])
    assert made.endpoints == (Endpoint("10.244.1.2", 8080, "node-1", *expected),)


def test_an_endpoint_in_two_slices_is_one() -> None:
    (made, *_) = service_ports(service(), [endpoints("IPv4", "10.244.1.2"), endpoints("IPv4", "10.244.1.2")])
    assert len(made.endpoints) == 1


def test_a_source_range_of_one_family_closes_the_other() -> None:
    spec = {"type": "LoadBalancer", "loadBalancerSourceRanges": [" 10.0.0.0/8"]}
    assert [one.sources for one in service_ports(service(**spec), [])] == [("10.0.0.0/8",), ("10.0.0.0/8",), (), ()]
    assert service_ports(service(), [])[0].sources is None


NODE_ADDRESSES = {4: "10.200.0.1", 6: "fd00:200::1"}


def flow(wanted: tuple[str, int], reached: tuple[str, int]) -> Flow:
    return Flow(wanted, reached, 2, b"")


def test_a_flow_to_an_endpoint_that_is_gone_is_stale() -> None:
    spec = {"ports": [{"name": "dns", "port": 53, "protocol": "UDP", "nodePort": 30053}], "clusterIPs": ["10.96.0.9"]}
    both = destinations(service_ports(service(**spec), [endpoints("IPv4", "10.244.1.2", "10.244.1.3")]), NODE_ADDRESSES)
    one = destinations(service_ports(service(**spec), [endpoints("IPv4", "10.244.1.3")]), NODE_ADDRESSES)
    stale = stale_flows([both], [one])
    assert stale is not None
    for wanted in (("10.96.0.9", 53), ("10.200.0.1", 30053)):
        assert stale(flow(wanted, ("10.244.1.2", 5353)))
        assert not stale(flow(wanted, ("10.244.1.3", 5353)))
    assert not stale(flow(("10.96.0.9", 54), ("10.244.1.2", 5353)))
    gone = stale_flows([one], [{}])
    assert gone is not None
    assert gone(flow(("10.96.0.9", 53), ("10.244.1.3", 5353)))


def test_a_flow_that_began_before_its_service_is_stale() -> None:
    made = destinations(service_ports(service(), [endpoints("IPv4", "10.244.1.2")]), NODE_ADDRESSES)
    stale = stale_flows([{}], [made])
    assert stale is not None
    assert stale(flow(("10.96.0.9", 53), ("10.96.0.9", 53)))


def test_more_endpoints_make_no_flow_stale() -> None:
    one = destinations(service_ports(service(), [endpoints("IPv4", "10.244.1.2")]), NODE_ADDRESSES)
    two = destinations(service_ports(service(), [endpoints("IPv4", "10.244.1.2", "10.244.1.3")]), NODE_ADDRESSES)
    assert stale_flows([one], [two]) is None


A = Endpoint("10.244.1.2", 8080, "node-1", for_zones=("east",), for_nodes=("node-1",))
B = Endpoint("10.244.2.2", 8080, "node-2", for_zones=("west",), for_nodes=("node-2",))
PLAIN = Endpoint("10.244.3.2", 8080, "node-3")


@pytest.mark.parametrize(
    ("node", "zone", "expected"),
    [
        ("node-1", "west", (A,)),  # its node comes before its zone
        ("node-3", "west", (B,)),
        ("node-3", "north", (A, B)),
        ("node-3", "", (A, B)),
    ],
)
def test_a_node_uses_the_endpoints_that_are_meant_for_it_while_there_are_any(
    node: str, zone: str, expected: tuple[Endpoint, ...]
) -> None:
    assert near((A, B), node, zone) == expected


def test_hints_count_only_where_every_endpoint_has_them_and_is_ready() -> None:
    assert near((A, B, PLAIN), "node-1", "east") == (A, B, PLAIN)
    ending = replace(A, ready=False, terminating=True)
    assert near((ending,), "node-2", "west") == (ending,)
    assert near((ending, replace(B, ready=False)), "node-1", "east") == (ending, replace(B, ready=False))


def test_hints_are_read_from_the_slices() -> None:
    hints = {"forZones": [{"name": "east"}], "forNodes": [{"name": "node-1"}]}
    (made, *_) = service_ports(service(), [endpoints("IPv4", "10.244.1.2", hints=hints)])
    assert made.endpoints == (A,)


def test_an_address_that_a_balancer_wants_for_itself_is_no_external_one() -> None:
    made = service(type="LoadBalancer", externalIPs=["192.0.2.1", "2001:db8::1"])
    ingress = [{"ip": "10.201.0.1", "ipMode": "VIP"}, {"ip": "10.201.0.2", "ipMode": "Proxy"}, {"ip": "10.201.0.3"}]
    made["status"] = {"loadBalancer": {"ingress": ingress}}
    (port, *_) = service_ports(made, [])
    assert port.balanced == ("10.201.0.1", "10.201.0.3")
    assert port.proxied == ("10.201.0.2",)
    assert port.external == ("10.201.0.1", "10.201.0.3", "192.0.2.1")
