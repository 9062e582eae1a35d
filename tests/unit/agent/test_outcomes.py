"""All outcomes, by real packets between namespaces, each with the evidence for it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

Ask = Callable[..., list[dict[str, Any]]]
Result = dict[str, Any]

SERVER4, SERVER6 = "10.0.2.2", "fd00:2::2"
PROHIBITED4, PROHIBITED6 = "198.51.100.1", "fd00:9:1::1"
UNREACHABLE4, UNREACHABLE6 = "198.51.100.65", "fd00:9:2::1"
SILENT4, SILENT6 = "198.51.100.129", "fd00:9:3::1"


def probe(address: str, port: int, protocol: str, **more: object) -> dict[str, object]:
    return {"address": address, "port": port, "protocol": protocol, **more}


@pytest.mark.parametrize("address", [SERVER4, SERVER6])
@pytest.mark.parametrize("protocol", ["tcp", "udp", "sctp"])
def test_an_answer_says_who_gave_it_and_whom_it_saw(ask: Ask, address: str, protocol: str) -> None:
    (result,) = ask(probe(address, 8080, protocol))
    assert result["outcome"] == "connected", result["detail"]
    server = result["server"]
    assert (server["pod"], server["namespace"], server["node"]) == ("server", "ns", "node-1")
    assert server["source"] == ("10.0.1.2" if address == SERVER4 else "fd00:1::2")
    assert {"10.0.2.2", "10.0.2.3", "fd00:2::2"} == set(server["addresses"])
    assert result["handshake"] is (protocol != "udp")


@pytest.mark.parametrize("address", [SERVER4, SERVER6])
def test_a_host_answers_echo_requests(ask: Ask, address: str) -> None:
    (result,) = ask(probe(address, 0, "icmp", size=600))
    assert (result["outcome"], result["replied_from"]) == ("connected", address)


# The router sends at most five ICMP errors a second for its IPv4 error routes (net.ipv4.route.error_burst).
EVIDENCE = [
    (probe(SERVER4, 9, "tcp"), "refused", "ECONNREFUSED"),
    (probe(SERVER6, 9, "tcp"), "refused", "ECONNREFUSED"),
    (probe(SERVER4, 9, "udp"), "refused", "ICMP port unreachable (3/3) from 10.0.2.2"),
    (probe(SERVER6, 9, "udp"), "refused", "ICMPv6 port unreachable (1/4) from fd00:2::2"),
    (probe(SERVER4, 9, "sctp"), "refused", ""),
    (probe(SERVER6, 9, "sctp"), "refused", ""),
    (probe(UNREACHABLE4, 80, "tcp"), "unreachable", "ICMP host unreachable (3/1) from 10.0.1.1"),
    (probe(UNREACHABLE4, 80, "udp"), "unreachable", "ICMP host unreachable (3/1) from 10.0.1.1"),
    (probe(UNREACHABLE4, 80, "sctp"), "unreachable", "ICMP host unreachable (3/1) from 10.0.1.1"),
    (probe(UNREACHABLE6, 80, "tcp"), "unreachable", "ICMPv6 no route (1/0) from fd00:1::1"),
    (probe(UNREACHABLE6, 80, "udp"), "unreachable", "ICMPv6 no route (1/0) from fd00:1::1"),
    (probe(UNREACHABLE6, 0, "icmp"), "unreachable", "ICMPv6 no route (1/0) from fd00:1::1"),
    (probe(PROHIBITED4, 80, "tcp"), "unreachable", "ICMP administratively prohibited (3/13) from 10.0.1.1"),
    (probe(PROHIBITED4, 80, "udp"), "unreachable", "ICMP administratively prohibited (3/13) from 10.0.1.1"),
    (probe(PROHIBITED6, 80, "tcp"), "unreachable", "ICMPv6 administratively prohibited (1/1) from fd00:1::1"),
    (probe(PROHIBITED6, 80, "udp"), "unreachable", "ICMPv6 administratively prohibited (1/1) from fd00:1::1"),
    (probe("203.0.113.1", 80, "tcp"), "unreachable", "EHOSTUNREACH"),
    (probe("203.0.113.1", 80, "udp"), "unreachable", "EHOSTUNREACH"),
    (probe("203.0.113.65", 80, "tcp"), "unreachable", "EACCES"),
    (probe("203.0.113.65", 0, "icmp"), "unreachable", "EACCES"),
    (probe("203.0.113.129", 80, "tcp"), "unreachable", "EINVAL: Invalid argument (a blackhole route)"),
    (probe("203.0.113.129", 80, "udp"), "unreachable", "EINVAL: Invalid argument (a blackhole route)"),
    (probe(SILENT4, 80, "tcp"), "timeout", "no answer to the handshake"),
    (probe(SILENT4, 80, "udp"), "timeout", "no answer"),
    (probe(SILENT4, 80, "sctp"), "timeout", ""),
    (probe(SILENT4, 0, "icmp"), "timeout", "no answer"),
    (probe(SILENT6, 80, "tcp"), "timeout", "no answer to the handshake"),
    (probe(SILENT6, 80, "udp"), "timeout", "no answer"),
    (probe(SERVER4, 7001, "tcp"), "reset", "after the handshake: ECONNRESET"),
    (probe(SERVER4, 7002, "tcp"), "reset", "closed without an answer"),
    (probe(SERVER4, 7003, "tcp"), "timeout", "handshake completed, no answer within 0.5 s"),
    (probe(SERVER4, 7003, "tcp", bare=True), "connected", "handshake completed"),
    (probe(SERVER4, 7004, "tcp"), "connected", "not by an agent: b'SSH-2.0-OpenSSH_9.2"),
    (probe(SERVER4, 7005, "tcp"), "reset", "closed after 11 bytes of an answer"),
    (probe(SERVER4, 7006, "tcp"), "probe_error", "another nonce"),
    (probe(SERVER4, 7012, "udp"), "probe_error", "another nonce"),
    (probe(SERVER4, 7013, "udp"), "connected", "not by an agent: b'\\x00\\x01junk'"),
    (probe(SERVER4, 7014, "udp"), "timeout", "no answer"),
    (probe(SERVER4, 7015, "udp"), "connected", ""),
    (probe("nowhere.invalid", 80, "tcp"), "dns_failure", "nowhere.invalid: "),
    (probe("fe80::1", 80, "udp"), "probe_error", "link-local"),
    (probe(SERVER4, 80, "smoke"), "probe_error", "unknown protocol 'smoke'"),
]


@pytest.fixture(scope="module")
def results(ask: Ask) -> list[Result]:
    return ask(*(question for question, *_ in EVIDENCE))


@pytest.mark.parametrize(
    ("number", "outcome", "detail"),
    [
        pytest.param(n, outcome, detail, id=f"{n}-{question['protocol']}-{outcome}")
        for n, (question, outcome, detail) in enumerate(EVIDENCE)
    ],
)
def test_the_outcome_follows_the_evidence(results: list[Result], number: int, outcome: str, detail: str) -> None:
    assert results[number]["outcome"] == outcome, results[number]
    assert detail in results[number]["detail"]


def test_only_silence_after_a_handshake_is_marked_as_such(results: list[Result]) -> None:
    accepted = {
        question["port"]
        for (question, outcome, _), result in zip(EVIDENCE, results, strict=True)
        if outcome == "timeout" and result["handshake"]
    }
    assert accepted == {7003}


def test_an_answer_from_another_address_is_seen(ask: Ask) -> None:
    (result,) = ask(probe(SERVER4, 7011, "udp"))
    assert (result["outcome"], result["replied_from"]) == ("connected", "10.0.2.3")


def test_a_host_with_two_addresses_answers_from_the_one_that_was_asked(ask: Ask) -> None:
    for result in ask(probe("10.0.2.3", 8080, "udp"), probe("10.0.2.3", 8080, "sctp"), probe("10.0.2.3", 0, "icmp")):
        assert (result["outcome"], result["replied_from"]) == ("connected", "10.0.2.3")


def test_the_address_of_an_answer_is_compared_by_value(ask: Ask) -> None:
    (result,) = ask(probe("fd00:2:0:0::2", 8080, "udp"))
    assert result["replied_from"] == "fd00:2:0:0::2"


def test_a_name_is_resolved_and_its_address_told(ask: Ask) -> None:
    (result,) = ask(probe("localhost", 9, "tcp", family="ipv4"))
    assert (result["outcome"], result["resolved"]) == ("refused", "127.0.0.1")


@pytest.mark.parametrize(("header", "address"), [(28, SERVER4), (48, SERVER6)])
@pytest.mark.parametrize("protocol", ["udp", "icmp"])
def test_what_is_too_long_for_a_router_is_told_with_the_path_mtu(
    ask: Ask, protocol: str, header: int, address: str
) -> None:
    fits, too_long = ask(*(probe(address, 8080, protocol, size=mtu - header, df=True) for mtu in (1400, 1401)))
    assert fits["outcome"] == "connected", fits
    assert (too_long["outcome"], too_long["path_mtu"]) == ("unreachable", 1400)
    assert "message too long: ICMP" in too_long["detail"]
    assert "10.0.1.1" in too_long["detail"] or "fd00:1::1" in too_long["detail"]


@pytest.mark.parametrize("address", [SERVER4, SERVER6])
def test_what_is_too_long_for_the_own_link_is_told_with_its_mtu(ask: Ask, address: str) -> None:
    (result,) = ask(probe(address, 8080, "udp", size=1600, df=True))
    assert (result["outcome"], result["path_mtu"]) == ("unreachable", 1500)
    assert "EMSGSIZE" in result["detail"]


@pytest.mark.parametrize("address", [SERVER4, SERVER6])
@pytest.mark.parametrize("protocol", ["udp", "icmp"])
def test_without_df_what_is_too_long_arrives_in_fragments(ask: Ask, protocol: str, address: str) -> None:
    (result,) = ask(probe(address, 8080, protocol, size=4000))
    assert (result["outcome"], result["path_mtu"]) == ("connected", 0)


def test_a_long_answer_comes_over_a_connection(ask: Ask) -> None:
    (result,) = ask(probe(SERVER4, 8080, "tcp", size=1_000_000), timeout=5)
    assert result["outcome"] == "connected"


def test_silence_is_asked_again_and_an_answer_is_not(ask: Ask) -> None:
    silent, refused = ask(probe(SILENT4, 80, "udp"), probe(SERVER4, 9, "udp"), timeout=0.1, attempts=3)
    assert (silent["outcome"], silent["attempts"]) == ("timeout", 3)
    assert (refused["outcome"], refused["attempts"]) == ("refused", 1)


def test_many_probes_run_at_once(ask: Ask) -> None:
    started = time.monotonic()
    results = ask(*(probe(SILENT4, port, protocol) for protocol in ("tcp", "udp") for port in range(1, 401)))
    assert {result["outcome"] for result in results} == {"timeout"}
    assert time.monotonic() - started < 3  # one after the other they would take four minutes


def test_more_probes_than_file_descriptors_are_run_in_turns(hosts: Any, servers: None) -> None:
    agent = f"ulimit -n 128 && exec {sys.executable} -m pytest_k8snet.agent probe"
    probes = [probe(SERVER4, 8080, protocol) for protocol in ("tcp", "udp") for _ in range(200)]
    request = json.dumps({"id": 1, "op": "probe", "timeout": 2, "probes": probes}) + "\n"
    command = hosts.on("client", "bash", "-c", agent)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(request)
        process.stdin.flush()
        results = json.loads(process.stdout.readline())["results"]
    assert Counter(result["outcome"] for result in results) == {"connected": 400}
