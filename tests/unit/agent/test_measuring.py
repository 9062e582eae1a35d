"""Load, connection rates and captures as they are asked of the exec'd role, over a real network."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from pytest_k8snet.errors import AgentRefused
from tests.unit.agent.conftest import Ask, Tell

SERVER, SERVER6 = "10.0.2.2", "fd00:2::2"
NUMBER = 20
MARK = "0123456789abcdef"


def probe(address: str, protocol: str, port: int = 8080, **more: object) -> dict[str, Any]:
    return {"address": address, "port": port, "protocol": protocol, **more}


@pytest.mark.parametrize("address", [SERVER, SERVER6], ids=["ipv4", "ipv6"])
@pytest.mark.parametrize(("kind", "protocol"), [("connect", "tcp"), ("exchange", "tcp"), ("echo", "udp")])
def test_an_agent_answers_the_load_of_another(tell: Tell, address: str, kind: str, protocol: str) -> None:
    answer = tell("load", kind=kind, probe=probe(address, protocol, size=64), rate=200, number=NUMBER, timeout=1.0)
    assert sum(times for _, times in answer["buckets"]) + answer["void"] == answer["sent"] == NUMBER
    assert (answer["lost"], answer["errors"]) == (0, {})


def test_a_load_that_cannot_be_is_refused(tell: Tell) -> None:
    with pytest.raises(AgentRefused, match="unknown load 'ping'"):
        tell("load", kind="ping", probe=probe(SERVER, "udp"), rate=200, number=1, timeout=1.0)
    with pytest.raises(AgentRefused, match="refused"):
        tell("load", kind="exchange", probe=probe(SERVER, "tcp", 9), rate=200, number=1, timeout=1.0)


def test_connections_are_opened_one_after_the_other(tell: Tell) -> None:
    answer = tell("connection_rate", probe=probe(SERVER, "tcp"), seconds=2.0, at_once=4, most=50)
    assert (answer["opened"], answer["errors"]) == (50, {})


def test_marked_packets_are_captured_both_ways(tell: Tell, ask: Ask) -> None:
    number = tell("capture", mark=MARK, hosts=[], seconds=5.0)["capture"]
    line = base64.b64encode(b'{"nonce":"%s","size":0}\n' % MARK.encode()).decode()
    ask(probe(SERVER, "udp", data=line), probe(SERVER, "udp"))
    answer = tell("captured", capture=number)
    assert [(packet["device"], packet["outgoing"], packet["marked"]) for packet in answer["packets"]] == [
        ("eth0", True, True),
        ("eth0", False, True),
    ]
    assert MARK.encode() in base64.b64decode(answer["packets"][0]["data"])
    assert (answer["dropped"], answer["beyond"]) == (0, 0)


def test_packets_between_hosts_are_captured_without_a_mark(tell: Tell, ask: Ask) -> None:
    number = tell("capture", mark=MARK, hosts=[SERVER, "10.0.1.2"], seconds=5.0)["capture"]
    ask(probe(SERVER, "udp"))
    packets = tell("captured", capture=number)["packets"]
    assert len(packets) == 2
    assert not any(packet["marked"] for packet in packets)


def test_a_capture_that_was_never_begun_is_said(tell: Tell) -> None:
    with pytest.raises(AgentRefused, match="no capture has the number 99"):
        tell("captured", capture=99)


@pytest.mark.parametrize(("address", "headers"), [(SERVER, 28), (SERVER6, 48)], ids=["ipv4", "ipv6"])
def test_a_router_that_cannot_pass_a_packet_on_is_named(ask: Ask, address: str, headers: int) -> None:
    fits, longer, beyond = ask(
        *(probe(address, "udp", size=mtu - headers, df=True, one_way=True) for mtu in (1400, 1401, 1501))
    )
    assert fits["outcome"] == "connected"
    assert (longer["outcome"], longer["path_mtu"]) == ("unreachable", 1400)
    assert longer["replied_from"] in ("10.0.1.1", "fd00:1::1")
    assert (beyond["outcome"], beyond["path_mtu"], beyond["replied_from"]) == ("unreachable", 1500, "")
