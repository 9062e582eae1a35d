"""Load balancers serve the world outside."""

from __future__ import annotations

import json

import pytest

from tests.embedded.conftest import Space
from tests.embedded.service_pods import (
    DROPPED,
    NODES,
    REFUSED,
    balanced,
    cluster_ips,
    many,
    service,
    start_servers,
    until,
    who,
)

HEALTH = """
import json, sys, urllib.error, urllib.request
try:
    answer = urllib.request.urlopen(sys.argv[1], timeout=1)
except urllib.error.HTTPError as error:
    answer = error
print(json.dumps([answer.status, json.load(answer)]))
"""


@pytest.fixture(scope="module")
def pods(module_space: Space) -> Space:
    return start_servers(module_space)


def test_the_load_balancer_gives_addresses_that_the_outside_reaches(pods: Space) -> None:
    with service(pods, type="LoadBalancer"):
        until(2, lambda: len(balanced(pods)))
        for address in balanced(pods):
            for source in ("outside", "near", "host"):
                until({"a", "b"}, lambda source=source, address=address: who(pods, source, address, count=20))
    until({"OSError"}, lambda: who(pods, "outside", "10.201.0.1"))


def test_the_load_balancer_serves_only_its_source_ranges(pods: Space) -> None:
    ranges = ["10.200.0.192/26", "10.200.0.201/32", "fd00:200::200/120"]
    with service(pods, type="LoadBalancer", loadBalancerSourceRanges=ranges) as made:
        until(2, lambda: len(balanced(pods)))
        for address in balanced(pods):
            until(True, lambda address=address: who(pods, "outside", address, count=5) <= {"a", "b"})
            assert who(pods, "near", address) == {DROPPED}
        assert who(pods, "near", cluster_ips(made)[0], count=20) == {"a", "b"}
        pods.api.patch("v1", "Service", "web", {"spec": {"loadBalancerSourceRanges": ["10.244.0.0/16"]}}, pods.name)
        four, six = balanced(pods)
        until({DROPPED}, lambda: who(pods, "outside", four))
        assert who(pods, "outside", six) == {DROPPED}, "no range of IPv6 means nobody of IPv6"
        assert who(pods, "near", four) <= {"a", "b"}


def test_a_local_load_balancer_is_announced_by_the_nodes_with_endpoints(pods: Space) -> None:
    with service(pods, type="LoadBalancer", externalTrafficPolicy="Local", selector={"pod": "b"}):
        until(2, lambda: len(balanced(pods)))
        for address, own in zip(balanced(pods), ("10.200.0.201", "fd00:200::201"), strict=True):
            until({f"b {own}": 12}, lambda address=address: many(pods, "outside", address, count=12))


def test_the_health_check_port_tells_which_nodes_have_endpoints(pods: Space) -> None:
    with service(pods, type="LoadBalancer", externalTrafficPolicy="Local", selector={"pod": "b"}) as made:
        port = made["spec"]["healthCheckNodePort"]
        for version in (4, 6):
            until((200, 1), lambda version=version: health(pods, NODES[version].format(2), port))
            assert health(pods, NODES[version].format(1), port) == (503, 0)
    until({REFUSED}, lambda: who(pods, "outside", NODES[4].format(2), port))


def health(space: Space, address: str, port: int) -> tuple[int, int]:
    """The status and the number of endpoints that a health check answers."""
    host = f"[{address}]" if ":" in address else address
    argv = ("python3", "-c", HEALTH, f"http://{host}:{port}/healthz")
    done = space.exec("outside-1", *argv, container="host", namespace="k8snet-outside")
    status, body = json.loads(done.stdout or "[0, {}]")
    return status, body.get("localEndpoints", -1)
