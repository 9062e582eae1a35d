"""Each fault of the Service proxy breaks one thing and leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.embedded.conftest import Space
from tests.embedded.service_pods import (
    DROPPED,
    NODES,
    REFUSED,
    cluster_ips,
    node_port,
    service,
    start_servers,
    until,
    who,
)


@pytest.fixture(scope="module")
def pods(module_space: Space) -> Space:
    return start_servers(module_space)


@contextmanager
def fault(space: Space, name: str) -> Iterator[None]:
    space.running.inject(name)
    try:
        yield
    finally:
        space.running.restore(name)


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
        with fault(pods, "service-wrong-backend"):
            for address in cluster_ips(made):
                assert who(pods, "far", address, count=5) not in ({"a"}, {DROPPED}, {REFUSED})
        assert who(pods, "far", cluster_ips(made)[0], count=5) == {"a"}
        assert rules(pods) == before


def test_a_stale_endpoint_is_served_after_it_has_gone(pods: Space) -> None:
    with service(pods) as made:
        until({"a", "b"}, lambda: who(pods, "far", cluster_ips(made)[0], count=20))
        with fault(pods, "service-stale-endpoint"):
            pods.api.patch("v1", "Pod", "b", {"metadata": {"labels": {"role": None}}}, pods.name)
            with service(pods, "other", selector={"pod": "b"}) as other:
                until({"b"}, lambda: who(pods, "far", cluster_ips(other)[0]))
                assert who(pods, "far", cluster_ips(made)[0], count=20) == {"a", "b"}
        assert who(pods, "far", cluster_ips(made)[0], count=20) == {"a"}
        pods.api.patch("v1", "Pod", "b", {"metadata": {"labels": {"role": "server"}}}, pods.name)


def test_without_refusal_a_service_without_endpoints_is_silent(pods: Space) -> None:
    with service(pods, selector={"pod": "nobody"}, type="NodePort") as made:
        until({REFUSED}, lambda: who(pods, "near", cluster_ips(made)[0]))
        with fault(pods, "service-no-reject"):
            for source in ("near", "host"):
                assert [who(pods, source, address) for address in cluster_ips(made)] == [{DROPPED}, {DROPPED}]
            assert who(pods, "outside", NODES[4].format(1), node_port(made)) == {DROPPED}
        assert who(pods, "near", cluster_ips(made)[0]) == {REFUSED}


def test_a_missing_node_port_is_missing_on_one_node(pods: Space) -> None:
    with service(pods, type="NodePort") as made:
        until({"a", "b"}, lambda: who(pods, "outside", NODES[4].format(2), node_port(made), count=20))
        with fault(pods, "nodeport-missing-on-one-node"):
            assert who(pods, "outside", NODES[4].format(2), node_port(made)) == {REFUSED}
            assert who(pods, "outside", NODES[4].format(3), node_port(made), count=20) == {"a", "b"}
            assert who(pods, "near", cluster_ips(made)[0], count=20) == {"a", "b"}
        assert who(pods, "outside", NODES[4].format(2), node_port(made), count=20) == {"a", "b"}
