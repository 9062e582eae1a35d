"""NetworkPolicies hold for real packets."""

from __future__ import annotations

import time

import pytest

from tests.embedded.conftest import Space, addresses
from tests.embedded.policy_pods import (
    CLOSED,
    DENY,
    DROPPED,
    ECHO,
    KNOCK,
    SCTP,
    TALK,
    app,
    label,
    out_of,
    pod,
    policies,
    reached,
    said,
    says,
    settled,
    start_servers,
    to,
)


@pytest.fixture(scope="module")
def pods(module_space: Space) -> Space:
    return start_servers(module_space)


def test_without_policies_everyone_reaches_everyone(pods: Space) -> None:
    assert reached(pods, "c", "a") == ["a", "a"]


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_only_the_allowed_peer_reaches_an_isolated_pod(pods: Space, protocol: str) -> None:
    rule = {"from": [{"podSelector": app("c")}], "ports": [{"protocol": protocol.upper(), "port": 8080}]}
    with policies(pods, to("a", rule)):
        settled(pods, "b", "a", DROPPED)
        assert reached(pods, "c", "a", protocol=protocol) == ["a", "a"]
        assert reached(pods, "b", "a", protocol=protocol) == [DROPPED, DROPPED]
        assert reached(pods, "a", "b", protocol=protocol) == ["b", "b"], (
            "what an isolated pod begins itself is answered"
        )
    settled(pods, "b", "a", "a")


def test_egress_is_allowed_by_address(pods: Space) -> None:
    four, six = addresses(pods.get("b"))
    blocks = [{"ipBlock": {"cidr": f"{four}/32"}}, {"ipBlock": {"cidr": "fd00:10:244::/48", "except": [f"{six}/128"]}}]
    with policies(pods, out_of("c", {"to": blocks})):
        settled(pods, "c", "b", "b", DROPPED)
        assert reached(pods, "c", "a") == [DROPPED, "a"]
        assert reached(pods, "a", "c") == ["c", "c"], "answers are no egress"


def test_a_named_port_is_that_of_the_pod_that_is_reached(pods: Space) -> None:
    with policies(pods, out_of("a", {"ports": [{"port": "web"}]})):
        settled(pods, "a", "c", "c")
        assert reached(pods, "a", "other", 8090) == ["other", "other"]
        assert reached(pods, "a", "c", 8090) == [DROPPED, DROPPED]
        assert reached(pods, "a", "other", 8080) == [DROPPED, DROPPED]
    rule = {"ports": [{"port": "web"}]}
    with policies(pods, {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [rule]}):
        assert reached(pods, "a", "other", 8090) == ["other", "other"]
        assert reached(pods, "a", "other", 8080) == [DROPPED, DROPPED]


def test_a_range_of_ports_ends_with_its_end_port(pods: Space) -> None:
    with policies(pods, to("a", {"ports": [{"port": 8079, "endPort": 8081}, {"port": 8082, "endPort": 8083}]})):
        settled(pods, "c", "a", "a")
        assert reached(pods, "c", "a", 8083) == ["ConnectionRefusedError"] * 2
        assert reached(pods, "c", "a", 8084) == [DROPPED, DROPPED]


def test_sctp_is_not_tcp(pods: Space) -> None:
    """No pod here speaks SCTP: what comes through is answered by ICMP, which the raw socket sees as an OSError."""
    four, _ = addresses(pods.get("a"))
    with policies(pods, to("a", {"ports": [{"protocol": "SCTP", "port": 7777}, {"protocol": "TCP", "port": 8080}]})):
        settled(pods, "c", "a", "a")
        seen = [pods.exec("c", "python3", "-c", SCTP, four, port).stdout.strip() for port in ("7777", "8080")]
        assert seen == ["OSError", DROPPED]


def test_the_labels_of_pods_and_namespaces_count_at_once(pods: Space) -> None:
    rule = {"from": [{"namespaceSelector": {"matchLabels": {"team": "x"}}, "podSelector": app("friend")}]}
    with policies(pods, to("a", rule)):
        settled(pods, "b", "a", DROPPED)
        label(pods, "Pod", "b", pods.name, {"app": "friend"})
        label(pods, "Namespace", pods.name, "", {"team": "x"})
        settled(pods, "b", "a", "a")
        label(pods, "Pod", "b", pods.name, {"app": "b"})
        settled(pods, "b", "a", DROPPED)


def test_a_node_reaches_its_own_pods_and_host_network_pods_are_not_isolated(pods: Space) -> None:
    with policies(pods, DENY):
        settled(pods, "b", "a", DROPPED)
        assert reached(pods, "host", "a") == ["a", "a"]
        assert reached(pods, "host", "c") == [DROPPED, DROPPED]
        assert pods.ask("outside", "10.200.0.1", 9100) == "node-1 10.200.0.201"
        pod(pods, "late", "node-1")
        pods.wait("late")
        pods.delete("late", grace=0)


def test_a_pod_reaches_itself(pods: Space) -> None:
    with policies(pods, DENY):
        settled(pods, "b", "a", DROPPED)
        assert reached(pods, "a", "a") == ["a", "a"]


def test_a_refusal_comes_back_to_an_allowed_peer(pods: Space) -> None:
    """The ICMP error belongs to the connection though the pod that sends it may send nothing of its own."""
    with policies(pods, {**DENY, "podSelector": app("a"), "ingress": [{}]}):
        settled(pods, "a", "c", DROPPED)
        seen = pods.exec("c", "python3", "-c", CLOSED, *addresses(pods.get("a"))).stdout.split()
        assert seen == ["ConnectionRefusedError"] * 2


def test_neighbour_discovery_works_in_an_isolated_pod(pods: Space) -> None:
    with policies(pods, {**DENY, "podSelector": app("a"), "ingress": [{"from": [{"podSelector": app("c")}]}]}):
        settled(pods, "b", "a", DROPPED)
        for namespace_of in ("a", "c", "host"):
            pods.exec(namespace_of, "ip", "-6", "neigh", "flush", "all")
        assert reached(pods, "c", "a") == ["a", "a"]


def test_an_established_connection_stops_and_goes_on(pods: Space) -> None:
    """This is left open by the API; the decision is docs/decisions/006."""
    pod(
        pods,
        "echo",
        "node-1",
        container={"command": ["python3", "-c", ECHO], "readinessProbe": {"tcpSocket": {"port": 9000}}},
    )
    pods.wait("echo")
    four, _ = addresses(pods.get("echo"))
    pod(pods, "talk", "node-2", container={"command": ["python3", "-c", TALK, four], "readinessProbe": None})
    pods.wait("talk")
    says(pods, "talk", "answered")
    with policies(pods, to("echo")):
        says(pods, "talk", "silence")
    says(pods, "talk", "answered")
    for name in ("echo", "talk"):
        pods.delete(name, grace=0)


def test_the_first_packet_of_a_new_pod_is_judged(pods: Space) -> None:
    """New pods knock from their very beginning at what they may reach and at what they may not."""
    allowed, forbidden = addresses(pods.get("a")), addresses(pods.get("c"))
    command = ["python3", "-c", KNOCK, *allowed, *forbidden]
    fresh = {f"new-{node}": f"node-{node}" for node in (1, 2, 3)}
    with policies(
        pods, out_of("new", {"to": [{"podSelector": app("a")}]}), to("a", {"from": [{"podSelector": app("new")}]})
    ):
        settled(pods, "c", "a", DROPPED)
        for name, node in fresh.items():
            pod(pods, name, node, label="new", container={"command": command, "readinessProbe": None})
        for name in fresh:
            pods.wait(name)
            deadline = time.monotonic() + 15
            while (lines := said(pods, name))[-1:] != ["over"]:
                assert time.monotonic() < deadline, f"{name} has not finished: {lines}"
            assert {line for line in lines if line.startswith("reached")} == {f"reached {one}" for one in allowed}
            assert {line.split()[1] for line in lines[:-1] if not line.startswith("reached")} == {*forbidden}
    for name in fresh:
        pods.delete(name, grace=0)
