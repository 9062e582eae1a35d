"""Tables for Services, made without a cluster."""

from __future__ import annotations

import pytest

from pytest_k8snet.probe.controls import unproved
from pytest_k8snet.probe.observation import CONNECTS, REJECTED, Family, Outcome, Pod, Protocol
from pytest_k8snet.services.questions import alive, enough, inside, merged, nobody, own_address, same_server, through
from pytest_k8snet.services.served import Served, endpoints, families_of, manifest

CLIENT = Pod("ns", "client", "node-1", ("10.244.1.9", "fd00::9"))
HOST = Pod("ns", "host", "node-1", ("10.200.0.1",), host_network=True)
OUTSIDE = Pod("", "outside", "(this machine)")
NEAR, FAR = Pod("ns", "near", "node-1", ("10.244.1.2",)), Pod("ns", "far", "node-2", ("10.244.2.2",))
NODES = {"node-1": "10.200.0.1", "node-2": "10.200.0.2"}


def made(*pods: Pod, **spec: object) -> Served:
    obj = manifest("web", {"app": "web"}, clusterIPs=["10.96.0.7", "fd00:96::7"], **spec)
    for number, port in enumerate(obj["spec"]["ports"]):
        obj["spec"]["ports"][number] = port | {"nodePort": 30080}
    return Served(obj, endpoints(pods))


def test_a_table_asks_every_client_at_every_door_as_often_as_it_is_told() -> None:
    served = made(NEAR, FAR)
    table = through("t", served, [CLIENT, HOST], served.inside(Family.IPV4), tries=3)
    assert len(table.cells) == 2 * 2 * 3
    assert {probe.address for probe in table.cells} == {"10.96.0.7"}
    assert {(cell.outcomes, cell.servers) for cell in table.cells.values()} == {(CONNECTS, frozenset({"near", "far"}))}
    assert table.together == ()


def test_spread_asks_often_enough_and_of_each_client_alone() -> None:
    served = made(NEAR, FAR)
    table = through("t", served, [CLIENT, HOST], served.inside(Family.IPV6, [Protocol.TCP]), spread=True)
    assert [len(several.probes) for several in table.together] == [enough(2)] * 2
    assert {several.every for several in table.together} == {frozenset({"near", "far"})}


@pytest.mark.parametrize("endpoints", range(1, 12))
def test_by_chance_an_endpoint_is_left_out_less_than_once_in_a_billion_tables(endpoints: int) -> None:
    assert endpoints * (1 - 1 / endpoints) ** enough(endpoints) <= 1e-9


def test_the_source_is_demanded_where_it_must_be_unchanged_only() -> None:
    served = made(NEAR)
    table = through("t", served, [CLIENT, HOST, NEAR], served.inside(Family.IPV4), seen_as=own_address)
    assert {probe.source.name: cell.source for probe, cell in table.cells.items()} == {
        "client": "10.244.1.9",
        "host": "",
        "near": "",
    }


def test_what_nobody_answers_needs_its_controls() -> None:
    served = made(NEAR, internalTrafficPolicy="Local")
    far = Pod("ns", "stranger", "node-2", ("10.244.2.9",))
    alone = through("t", served, [far], served.inside(Family.IPV4), target=NEAR)
    assert {cell.outcomes for cell in alone.cells.values()} == {REJECTED}
    assert unproved(alone)
    assert unproved(merged("t", alive([far], NEAR, Family.IPV4), alone)) == []


def test_a_service_without_endpoints_may_be_silent_or_must_not() -> None:
    served = made()
    strict = inside("t", served, [CLIENT], [Family.IPV4], may_hang=False, target=NEAR)
    outcomes = {probe.protocol: cell.outcomes for probe, cell in strict.cells.items() if probe.column == "web:80"}
    assert Outcome.TIMEOUT not in outcomes[Protocol.TCP]
    assert Outcome.TIMEOUT in outcomes[Protocol.UDP]
    assert unproved(strict) == []


def test_a_door_that_is_left_open_by_the_specification_is_not_asked() -> None:
    served = made(NEAR, externalTrafficPolicy="Local")
    table = through("t", served, [CLIENT, OUTSIDE], served.at_nodes(NODES), target=NEAR)
    assert {(probe.source.name, probe.column) for probe in table.cells} == {
        ("client", "node-1:30080"),
        ("outside", "node-1:30080"),
        ("outside", "node-2:30080"),
    }


def test_a_table_that_asks_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no client asks"):
        through("t", made(NEAR), [], [])


def test_one_server_is_demanded_of_each_client_at_each_door() -> None:
    served = made(NEAR, FAR)
    table = same_server("t", served, [CLIENT], served.inside(Family.IPV4), 5)
    assert [(len(several.probes), several.same) for several in table.together] == [(5, True), (5, True)]


def test_doors_that_are_none_are_answered_by_nobody_whatever_is_behind() -> None:
    served = made(NEAR)
    doors = [door.at_port(8080) for door in served.inside(Family.IPV4)]
    table = nobody("t", [CLIENT], doors, "it has no such port", alive([CLIENT], NEAR, Family.IPV4), target=NEAR)
    assert {probe.column for probe in table.cells} == {"near", "web:8080"}
    assert unproved(table) == []


def test_families_are_those_of_the_cluster_addresses_in_their_order() -> None:
    assert families_of(made()) == (Family.IPV4, Family.IPV6)
    with pytest.raises(KeyError, match="web has no ipv6 ClusterIP"):
        Served({"metadata": {"name": "web"}, "spec": {"clusterIPs": ["10.96.0.7"]}}, ()).cluster_address(Family.IPV6)


def test_the_balancers_doors_are_where_the_status_says() -> None:
    served = made(NEAR)
    served.obj["status"] = {"loadBalancer": {"ingress": [{"ip": "10.201.0.1"}, {"hostname": "lb"}]}}
    assert {door.address for door in served.balanced(Family.IPV4)} == {"10.201.0.1"}
    assert served.balanced(Family.IPV6) == []
