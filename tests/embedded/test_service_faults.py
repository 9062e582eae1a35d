"""Each fault of the Service proxy breaks one thing and leaves no trace."""

from __future__ import annotations

import pytest

from tests.embedded.conftest import Space
from tests.embedded.service_pods import (
    DROPPED,
    NODES,
    REFUSED,
    balanced,
    cluster_ips,
    many,
    node_port,
    service,
    start_servers,
    until,
    who,
)

NAME_SERVER = "10.96.0.10"


@pytest.fixture(scope="module")
def pods(module_space: Space) -> Space:
    """Servers, on nodes that serve the name servers already: a test that compares rules wants no others to come."""
    started = start_servers(module_space)
    until(True, lambda: any(f"{NAME_SERVER} . udp . 53 : goto to-" in rule for rule in rules(started)))
    return started


def rules(space: Space) -> set[str]:
    """The rules and elements of the node of host, without the order in which they came."""
    return set(
        space.exec("host", "nft", "list", "ruleset").stdout.replace("elements = {", "").replace(",", "\n").split("\n")
    )


def test_with_a_wrong_backend_a_stranger_answers(pods: Space) -> None:
    with service(pods, selector={"pod": "a"}) as made:
        for address in cluster_ips(made):
            until({"a"}, lambda address=address: who(pods, "far", address))
        before = rules(pods)
        with pods.fault("service-wrong-backend"):
            for address in cluster_ips(made):
                assert who(pods, "far", address, count=5) not in ({"a"}, {DROPPED}, {REFUSED})
        assert who(pods, "far", cluster_ips(made)[0], count=5) == {"a"}
        assert rules(pods) == before


def test_a_stale_endpoint_is_served_after_it_has_gone(pods: Space) -> None:
    with service(pods) as made:
        until({"a", "b"}, lambda: who(pods, "far", cluster_ips(made)[0], count=20))
        with pods.fault("service-stale-endpoint"):
            pods.api.patch("v1", "Pod", "b", {"metadata": {"labels": {"role": None}}}, pods.name)
            with service(pods, "other", selector={"pod": "b"}) as other:
                until({"b"}, lambda: who(pods, "far", cluster_ips(other)[0]))
                assert who(pods, "far", cluster_ips(made)[0], count=20) == {"a", "b"}
        assert who(pods, "far", cluster_ips(made)[0], count=20) == {"a"}
        pods.api.patch("v1", "Pod", "b", {"metadata": {"labels": {"role": "server"}}}, pods.name)


def test_without_refusal_a_service_without_endpoints_is_silent(pods: Space) -> None:
    with service(pods, selector={"pod": "nobody"}, type="NodePort") as made:
        until({REFUSED}, lambda: who(pods, "near", cluster_ips(made)[0]))
        with pods.fault("service-no-reject"):
            for source in ("near", "host"):
                assert [who(pods, source, address) for address in cluster_ips(made)] == [{DROPPED}, {DROPPED}]
            assert who(pods, "outside", NODES[4].format(1), node_port(made)) == {DROPPED}
        assert who(pods, "near", cluster_ips(made)[0]) == {REFUSED}


def test_a_missing_node_port_is_missing_on_one_node(pods: Space) -> None:
    with service(pods, type="NodePort") as made:
        until({"a", "b"}, lambda: who(pods, "outside", NODES[4].format(2), node_port(made), count=20))
        with pods.fault("nodeport-missing-on-one-node"):
            assert who(pods, "outside", NODES[4].format(2), node_port(made)) == {REFUSED}
            assert who(pods, "outside", NODES[4].format(3), node_port(made), count=20) == {"a", "b"}
            assert who(pods, "near", cluster_ips(made)[0], count=20) == {"a", "b"}
        assert who(pods, "outside", NODES[4].format(2), node_port(made), count=20) == {"a", "b"}


def test_without_affinity_a_client_meets_several_servers(pods: Space) -> None:
    with service(pods, sessionAffinity="ClientIP") as made:
        until(1, lambda: len(who(pods, "far", cluster_ips(made)[0], count=20)))
        with pods.fault("service-affinity-ignored"):
            assert who(pods, "far", cluster_ips(made)[0], count=20) == {"a", "b"}
        assert len(who(pods, "far", cluster_ips(made)[0], count=20)) == 1


def test_a_single_endpoint_takes_every_connection(pods: Space) -> None:
    with service(pods) as made:
        until({"a", "b"}, lambda: who(pods, "far", cluster_ips(made)[0], count=20))
        with pods.fault("service-single-endpoint"):
            assert len(who(pods, "far", cluster_ips(made)[0], count=20)) == 1
        assert who(pods, "far", cluster_ips(made)[0], count=20) == {"a", "b"}


def test_udp_ports_can_be_unserved_beside_tcp_ports_that_are(pods: Space) -> None:
    with service(pods, selector={"pod": "a"}) as made:
        address = cluster_ips(made)[0]
        until({"a"}, lambda: who(pods, "far", address, protocol="udp"))
        with pods.fault("service-udp-unserved"):
            assert who(pods, "far", address, protocol="udp") == {REFUSED}
            assert who(pods, "far", address) == {"a"}
        assert who(pods, "far", address, protocol="udp") == {"a"}


def test_without_a_local_policy_clients_from_outside_are_hidden_behind_nodes(pods: Space) -> None:
    with service(pods, selector={"pod": "a"}, type="LoadBalancer", externalTrafficPolicy="Local") as made:
        until(True, lambda: bool(balanced(pods)))
        until({"a 10.200.0.201"}, lambda: set(many(pods, "outside", balanced(pods)[0])))
        with pods.fault("service-external-local-ignored"):
            assert "a 10.200.0.201" not in many(pods, "outside", NODES[4].format(2), node_port(made))
            assert who(pods, "outside", NODES[4].format(2), node_port(made)) == {"a"}
        assert who(pods, "outside", NODES[4].format(2), node_port(made)) == {DROPPED}


def test_services_of_one_port_can_go_while_their_port_is_open_on_the_nodes(pods: Space) -> None:
    nobody = {"pod": "nobody"}
    with (
        pods.fault("service-open-on-nodes"),
        service(pods, "second", selector=nobody),
        service(pods, "third", selector=nobody) as third,
    ):
        until({REFUSED}, lambda: who(pods, "far", cluster_ips(third)[0]))
    with service(pods, "fourth", selector=nobody) as fourth:
        until({REFUSED}, lambda: who(pods, "far", cluster_ips(fourth)[0]))
