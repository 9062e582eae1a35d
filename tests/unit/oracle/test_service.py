"""What the oracle says of Services: https://kubernetes.io/docs/reference/networking/virtual-ips/."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.oracle.service import Client, Endpoint, Service, Way, Where, judge, usable

NODES = ("node-1", "node-2", "node-3")
ENDPOINTS = st.builds(
    Endpoint,
    pod=st.sampled_from(["a", "b", "c", "d"]),
    node=st.sampled_from(NODES[:2]),
    ready=st.booleans(),
    serving=st.booleans(),
    terminating=st.booleans(),
)
SERVICES = st.builds(
    Service,
    endpoints=st.lists(ENDPOINTS, max_size=4, unique_by=lambda one: one.pod).map(tuple),
    internal_local=st.booleans(),
    external_local=st.booleans(),
)
CLIENTS = st.one_of(
    st.builds(
        Client,
        name=st.sampled_from(["a", "x"]),
        node=st.sampled_from(NODES),
        where=st.sampled_from([Where.POD, Where.NODE]),
    ),
    st.just(Client("outside", "", Where.OUTSIDE)),
)
TWO = (Endpoint("a", "node-1"), Endpoint("b", "node-2"))
INSIDE, NODE, OUTSIDE = (
    Client("x", "node-1", Where.POD),
    Client("n", "node-1", Where.NODE),
    Client("o", "", Where.OUTSIDE),
)


@given(service=SERVICES, client=CLIENTS, way=st.sampled_from(Way), node=st.sampled_from(NODES))
def test_only_endpoints_in_use_may_answer_and_the_reason_is_said(
    service: Service, client: Client, way: Way, node: str
) -> None:
    verdict = judge(service, client, way, node)
    assert verdict.because
    known = {one.pod for one in service.endpoints if one.ready or (one.serving and one.terminating)}
    assert verdict.pods <= known
    assert not (verdict.rejected and verdict.pods)
    assert not (verdict.unchanged_source and client.where is Where.NODE)


@given(endpoints=st.lists(ENDPOINTS, max_size=5))
def test_terminating_endpoints_are_in_use_only_where_none_is_ready(endpoints: list[Endpoint]) -> None:
    found = usable(endpoints)
    if any(one.ready for one in endpoints):
        assert all(one.ready for one in found)
    else:
        assert all(one.serving and one.terminating for one in found)


@given(service=SERVICES, client=CLIENTS, node=st.sampled_from(NODES))
def test_with_no_traffic_policy_it_does_not_matter_by_which_way_somebody_comes(
    service: Service, client: Client, node: str
) -> None:
    plain = Service(service.endpoints)
    ways = [way for way in Way if way is not Way.CLUSTER_IP or client.where is not Where.OUTSIDE]
    assert len({judge(plain, client, way, node).pods for way in ways}) == 1


def test_a_cluster_address_leads_to_all_and_shows_the_client() -> None:
    verdict = judge(Service(TWO), INSIDE, Way.CLUSTER_IP)
    assert (verdict.pods, verdict.unchanged_source) == ({"a", "b"}, True)


def test_a_pod_that_may_get_back_to_itself_may_be_seen_as_another() -> None:
    assert not judge(Service(TWO), Client("a", "node-1", Where.POD), Way.CLUSTER_IP).unchanged_source


def test_a_cluster_address_is_nothing_outside() -> None:
    assert judge(Service(TWO), OUTSIDE, Way.CLUSTER_IP).pods == frozenset()


def test_the_internal_policy_local_counts_the_own_node_only() -> None:
    service = Service(TWO, internal_local=True)
    assert judge(service, NODE, Way.CLUSTER_IP).pods == {"a"}
    assert judge(service, Client("y", "node-3", Where.POD), Way.CLUSTER_IP).pods == frozenset()


def test_the_external_policy_local_counts_the_node_that_is_asked_and_shows_the_client() -> None:
    service = Service(TWO, external_local=True)
    there = judge(service, OUTSIDE, Way.NODE_PORT, "node-2")
    assert (there.pods, there.unchanged_source) == ({"b"}, True)
    nowhere = judge(service, OUTSIDE, Way.NODE_PORT, "node-3")
    assert (nowhere.pods, nowhere.left_open) == (frozenset(), False)


def test_from_within_the_cluster_a_node_port_without_local_endpoints_is_left_open() -> None:
    service = Service(TWO, external_local=True)
    assert judge(service, INSIDE, Way.NODE_PORT, "node-3").left_open
    assert judge(service, INSIDE, Way.NODE_PORT, "node-2").pods == {"a", "b"}


def test_from_within_the_cluster_a_balancers_address_means_all() -> None:
    service = Service(TWO, external_local=True)
    assert judge(service, INSIDE, Way.LOAD_BALANCER).pods == {"a", "b"}
    assert not judge(service, INSIDE, Way.LOAD_BALANCER).unchanged_source
    assert judge(service, OUTSIDE, Way.LOAD_BALANCER).unchanged_source


def test_without_an_endpoint_it_is_refused() -> None:
    assert judge(Service(()), INSIDE, Way.CLUSTER_IP).rejected
    assert judge(Service(()), OUTSIDE, Way.NODE_PORT, "node-1").rejected


ZONES = {"node-1": "east", "node-2": "west", "node-3": "east"}


@pytest.mark.parametrize(
    ("distribution", "client", "expected"),
    [
        ("PreferClose", "node-1", {"a"}),
        ("PreferClose", "node-2", {"b"}),
        ("PreferSameZone", "node-3", {"a"}),
        ("PreferSameNode", "node-2", {"b"}),
        ("PreferSameNode", "node-3", {"a"}),  # none there, one in its zone
        ("PreferClose", "node-4", {"a", "b"}),
        ("PreferSameNode", "node-4", {"a", "b"}),
    ],
)
def test_a_distribution_prefers_what_is_close_and_refuses_nobody(
    distribution: str, client: str, expected: set[str]
) -> None:
    verdict = judge(
        Service(TWO, distribution=distribution, zones=ZONES), Client("x", client, Where.POD), Way.CLUSTER_IP
    )
    assert verdict.pods == expected


def test_where_nodes_have_no_zones_only_the_node_can_be_close() -> None:
    for distribution, expected in (("PreferClose", {"a", "b"}), ("PreferSameNode", {"a"})):
        assert judge(Service(TWO, distribution=distribution), INSIDE, Way.CLUSTER_IP).pods == expected
