"""The tables that are made of Services, held against what Services promise."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from itertools import pairwise, product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_k8snet.embedded.services.compiler import NodeView, service_content
from pytest_k8snet.embedded.services.ports import Endpoint, ServicePort, usable
from tests.unit.embedded_services.connections import Connection, Fate, NodeTable

NODE = NodeView(
    "node-1",
    {4: "10.200.0.1", 6: "fd00:200::1"},
    {4: "10.244.1.0/24", 6: "fd00:10:244:1::/64"},
    {4: ("10.96.0.0/16", "10.201.0.0/24"), 6: ("fd00:10:96::/112",)},
)
CLUSTER = {4: "10.96.0.9", 6: "fd00:10:96::9"}
BALANCED = {4: "10.201.0.1", 6: "fd00:201::1"}
OWN_POD = {4: "10.244.1.5", 6: "fd00:10:244:1::5"}
OTHER_POD = {4: "10.244.2.5", 6: "fd00:10:244:2::5"}
OUTSIDE = {4: "10.200.0.201", 6: "fd00:200::201"}


def endpoint(version: int, number: int, node: int, state: tuple[bool, bool, bool]) -> Endpoint:
    text = f"10.244.{node}.{number + 2}" if version == 4 else f"fd00:10:244:{node}::{number + 2}"
    return Endpoint(text, 8080, f"node-{node}", *state)


states = st.sampled_from([(True, True, False), (False, True, True), (False, False, False), (False, False, True)])


@st.composite
def ports(draw: st.DrawFn) -> ServicePort:
    version = draw(st.sampled_from([4, 6]))
    made = [
        endpoint(version, number, draw(st.integers(1, 2)), draw(states)) for number in range(draw(st.integers(0, 3)))
    ]
    balanced = draw(st.sampled_from([(), (BALANCED[version],)]))
    ranges = (None, (), ("10.200.0.0/24", "10.200.0.128/25"), ("fd00:200::/64",), ("10.244.0.0/16",))
    fitting = [one for one in ranges if not one or ipaddress.ip_network(one[0]).version == version]
    return ServicePort(
        "x/web",
        "",
        version,
        draw(st.sampled_from(["tcp", "udp"])),
        80,
        CLUSTER[version],
        node_port=draw(st.sampled_from([0, 30080])),
        external=balanced,
        balanced=balanced,
        sources=draw(st.sampled_from(fitting)),
        affinity=draw(st.sampled_from([0, 10])),
        internal_local=draw(st.booleans()),
        external_local=draw(st.booleans()),
        endpoints=tuple(made),
        silent=draw(st.booleans()),
    )


def promised(port: ServicePort, connection: Connection) -> Fate:
    """What the documentation of Services says, as kube-proxy understands it."""
    everywhere = usable(port.endpoints)
    here = usable([one for one in port.endpoints if one.node == NODE.name])
    refusal = "dropped" if port.silent else "refused"
    balanced = connection.address == BALANCED[port.version]
    if balanced and port.sources is not None:
        source = ipaddress.ip_address(connection.source)
        if not any(source in ipaddress.ip_network(text) for text in port.sources):
            return Fate(otherwise="dropped")
    if not everywhere:
        return Fate(otherwise=refusal)
    if connection.address == port.cluster_ip:
        return _to(here if port.internal_local else everywhere, hidden=False)
    if not port.external_local:
        return _to(everywhere, hidden=True)
    if connection.source == OWN_POD[port.version] or connection.itself:
        return _to(everywhere, hidden=connection.itself)
    return _to(here, hidden=False)


def _to(endpoints: tuple[Endpoint, ...], *, hidden: bool) -> Fate:
    if not endpoints:
        return Fate(otherwise="dropped")
    return Fate(frozenset((one.address, one.port) for one in endpoints), hidden)


def connections(port: ServicePort) -> list[Connection]:
    """Everyone who may ask, at every address that the port has."""
    version = port.version
    ways = [(port.cluster_ip, 80), *((address, 80) for address in port.balanced)]
    ways += [(NODE.addresses[version], port.node_port)] if port.node_port else []
    sources = [
        (OWN_POD[version], False),
        (OTHER_POD[version], False),
        (OUTSIDE[version], False),
        (NODE.addresses[version], True),
    ]
    return [
        Connection(source, address, number, port.protocol, itself)
        for (address, number), (source, itself) in product(ways, sources)
    ]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ports())
def test_every_connection_goes_where_the_service_promises(port: ServicePort) -> None:
    table = NodeTable((port,), NODE)
    asked = connections(port)
    assert {one: table.fate(one) for one in asked} == {one: promised(port, one) for one in asked}


@given(ports())
def test_other_ports_of_a_cluster_address_are_refused_and_other_addresses_dropped(port: ServicePort) -> None:
    table = NodeTable((port,), NODE)
    source = OTHER_POD[port.version]
    assert table.fate(Connection(source, port.cluster_ip, 81, port.protocol)) == Fate(otherwise="refused")
    nobody = {4: "10.96.7.7", 6: "fd00:10:96::7"}[port.version]
    assert table.fate(Connection(source, nobody, 80, port.protocol)) == Fate(otherwise="dropped")


@given(ports())
def test_what_is_not_for_a_service_is_left_alone(port: ServicePort) -> None:
    table = NodeTable((port,), NODE)
    for address in (OTHER_POD[port.version], NODE.addresses[port.version], OUTSIDE[port.version]):
        assert table.fate(Connection(OWN_POD[port.version], address, 80, port.protocol)) == Fate()


@given(ports())
def test_every_chain_of_a_service_is_led_to_and_every_one_led_to_is_there(port: ServicePort) -> None:
    content = service_content((port,), NODE)
    texts = [*content.elements.values(), *(rule for rules in content.chains.values() for rule in rules)]
    named = {word.strip(",") for text in texts for before, word in pairwise(text.split()) if before == "goto"}
    assert named - {"refused"} == content.chains.keys()


@given(ports(), st.integers(1, 100))
def test_who_is_remembered_stays_remembered_when_other_endpoints_change(port: ServicePort, number: int) -> None:
    """The sets of clients keep their names, so a change of the table does not empty them."""
    sticky = replace(port, affinity=10)
    more = replace(sticky, endpoints=(*sticky.endpoints, endpoint(port.version, 100 + number, 2, (True, True, False))))
    before, after = service_content((sticky,), NODE), service_content((more,), NODE)
    ready = any(one.ready for one in sticky.endpoints) or not usable(sticky.endpoints)
    assert not ready or before.sets.keys() <= after.sets.keys()
