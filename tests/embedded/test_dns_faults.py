"""Faults in the transport of DNS: each breaks one way to an answer, leaves the others, and is gone when restored."""

from __future__ import annotations

import time

import pytest

from pytest_k8snet.embedded.faults.dns_slow_replica import SLOW_SECONDS
from tests.embedded.conftest import Space, addresses
from tests.embedded.dns_client import Client

NAME, LONG = "kube-dns.kube-system.svc.cluster.local", "big.example.test"
FAMILIES = (0, 1)


@pytest.fixture(scope="module")
def client(module_space: Space) -> Client:
    return Client(module_space)


def outcome(client: Client, name: str, kind: str, server: str, *, tcp: bool = False, payload: int = 0) -> str:
    """The response code, "truncated" or the error's name."""
    edns = {"use_edns": 0, "payload": payload} if payload else {}
    return client.outcome(name, kind, server, tcp, **edns)


@pytest.mark.parametrize("family", FAMILIES)
def test_one_replica_can_be_dead(client: Client, family: int) -> None:
    dead, alive = (pair[family] for pair in client.servers)
    with client.space.fault("dns-replica-dead"):
        assert [outcome(client, NAME, "A", dead, tcp=tcp) for tcp in (False, True)] == ["TimeoutError"] * 2
        assert [outcome(client, NAME, "A", alive, tcp=tcp) for tcp in (False, True)] == ["NOERROR"] * 2
        assert client.fetch(f"http://{client.servers[0][0]}:8181/ready") == "OK"
    assert [outcome(client, NAME, "A", dead, tcp=tcp) for tcp in (False, True)] == ["NOERROR"] * 2


@pytest.mark.parametrize("family", FAMILIES)
def test_tcp_can_be_refused(client: Client, family: int) -> None:
    for server in (pair[family] for pair in client.servers):
        with client.space.fault("dns-tcp-refused"):
            assert outcome(client, NAME, "A", server, tcp=True) == "ConnectionRefusedError"
            assert outcome(client, NAME, "A", server) == "NOERROR"
        assert outcome(client, NAME, "A", server, tcp=True) == "NOERROR"


@pytest.mark.parametrize("family", FAMILIES)
def test_truncated_answers_can_get_lost(client: Client, family: int) -> None:
    server = client.servers[0][family]
    with client.space.fault("dns-truncated-lost"):
        assert outcome(client, LONG, "TXT", server) == "TimeoutError"
        assert outcome(client, LONG, "TXT", server, tcp=True) == "NOERROR"
        assert outcome(client, NAME, "A", server) == "NOERROR"
    assert outcome(client, LONG, "TXT", server) == "truncated"


@pytest.mark.parametrize("family", FAMILIES)
def test_large_answers_can_get_lost(client: Client, family: int) -> None:
    server = client.servers[0][family]
    assert outcome(client, LONG, "TXT", server, payload=4096) == "NOERROR"
    with client.space.fault("dns-large-answers-lost"):
        assert outcome(client, LONG, "TXT", server, payload=4096) == "TimeoutError"
        assert outcome(client, LONG, "TXT", server) == "truncated"
        assert outcome(client, LONG, "TXT", server, tcp=True) == "NOERROR"
    assert outcome(client, LONG, "TXT", server, payload=4096) == "NOERROR"


@pytest.mark.parametrize("family", FAMILIES)
def test_answers_can_come_from_another_address(client: Client, family: int) -> None:
    server = client.servers[0][family]
    assert client.sender(NAME, server) == server
    with client.space.fault("dns-wrong-source"):
        assert client.sender(NAME, server) not in (server, "TimeoutError")
        assert outcome(client, NAME, "A", server) == "TimeoutError"
        assert outcome(client, NAME, "A", server, tcp=True) == "NOERROR"
    assert client.sender(NAME, server) == server


@pytest.mark.parametrize("family", FAMILIES)
def test_one_replica_can_be_slow(client: Client, family: int) -> None:
    def seconds(replica: int) -> float:
        began = time.monotonic()
        server = client.servers[replica][family]
        assert client.outcome(NAME, "A", server, seconds=2 * SLOW_SECONDS) == "NOERROR"
        return time.monotonic() - began

    with client.space.fault("dns-slow-replica"):
        assert seconds(0) > SLOW_SECONDS > seconds(1)
    assert seconds(0) < SLOW_SECONDS


def test_a_replica_that_is_new_has_the_fault_too(client: Client) -> None:
    former = client.replicas()[0]["metadata"]["name"]
    with client.space.fault("dns-tcp-refused"):
        client.space.api.delete("v1", "Pod", former, "kube-system", grace=0)
        client.wait(lambda: former not in [pod["metadata"]["name"] for pod in client.replicas()], "a new replica")
        servers = [addresses(pod)[0] for pod in client.replicas()]
        assert [outcome(client, NAME, "A", server, tcp=True) for server in servers] == ["ConnectionRefusedError"] * 2
    assert [outcome(client, NAME, "A", server, tcp=True) for server in servers] == ["NOERROR"] * 2
