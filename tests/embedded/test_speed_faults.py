"""A fault of speed makes one way slow, for what is much, and another as fast as before."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.embedded.conftest import SECONDS, Space, addresses

PORT = 5201
SERVICE = "10.96.0.77"
WAYS = {
    # fault: the way that it makes slow, and one that it does not
    "pod-link-slow": (("a1", "n1-b"), ("a1", "a2")),
    "pods-between-nodes-slow": (("a1", "b1"), ("a1", "a2")),
    "pods-on-a-node-slow": (("a1", "a2"), ("a1", "b1")),
    "pods-slow-one-way": (("b1", "a1"), ("a1", "b1")),
    "pods-to-nodes-slow": (("a1", "h2"), ("a1", "b1")),
    "services-slow": (("a1", SERVICE), ("a1", "b1")),
}


@pytest.fixture(scope="module")
def pods(module_space: Space) -> Iterator[Space]:
    """Servers of iperf3 in which it is a client as well, and a Service in front of one."""
    places = {"a1": "node-1", "a2": "node-1", "n1-b": "node-1", "b1": "node-2", "h2": "node-2"}
    serve = {"command": ["iperf3", "-s", "-p", str(PORT)], "readinessProbe": {"tcpSocket": {"port": PORT}}}
    for name, node in places.items():
        host = {"hostNetwork": True} if name.startswith("h") else {}
        module_space.create(name, serve, nodeSelector={"kubernetes.io/hostname": node}, **host)
    address = {name: addresses(module_space.wait(name))[0] for name in places}
    port = {"port": PORT, "protocol": "TCP"}
    space, labels = module_space.name, {"kubernetes.io/service-name": "iperf3"}
    module_space.api.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "iperf3", "namespace": space},
            "spec": {"clusterIP": SERVICE, "ports": [port]},
        }
    )
    module_space.api.create(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "iperf3", "namespace": space, "labels": labels},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address["b1"]], "conditions": {"ready": True}}],
            "ports": [port],
        }
    )
    wait_until_served(module_space)
    yield module_space
    module_space.api.delete("v1", "Service", "iperf3", space)


def wait_until_served(pods: Space) -> None:
    deadline = time.monotonic() + SECONDS
    while pods.exec("a1", "iperf3", "-c", SERVICE, "-p", str(PORT), "-n", "1").exit_code:
        assert time.monotonic() < deadline, "the Service is not served"


def run(pods: Space, way: tuple[str, str], *arguments: str) -> dict[str, Any]:
    source, target = way
    address = target if target == SERVICE else addresses(pods.get(target))[0]
    done = pods.exec(source, "iperf3", "-c", address, "-p", str(PORT), "-J", *arguments)
    said: dict[str, Any] = json.loads(done.stdout)
    assert "error" not in said, said["error"]
    end: dict[str, Any] = said["end"]
    return end


def rate(pods: Space, way: tuple[str, str]) -> float:
    # Not some bytes: on a slow way these would only fill the sender's buffer.
    bits: float = run(pods, way, "-t", "1")["sum_received"]["bits_per_second"]
    return bits


@pytest.mark.parametrize("name", WAYS)
def test_one_way_is_slow_and_another_is_not(pods: Space, name: str) -> None:
    slow, quick = WAYS[name]
    healthy = rate(pods, slow)
    with pods.fault(name):
        during, beside = rate(pods, slow), rate(pods, quick)
    assert during < healthy / 3
    assert during < beside / 3
    assert rate(pods, slow) > 3 * during


def test_a_part_of_many_large_datagrams_is_lost(pods: Space) -> None:
    many = ("-u", "-b", "20M", "-l", "1200", "-t", "1")
    with pods.fault("pods-lossy"):
        assert run(pods, ("a1", "b1"), *many)["sum"]["lost_percent"] > 3
    assert run(pods, ("a1", "b1"), *many)["sum"]["lost_percent"] < 3
