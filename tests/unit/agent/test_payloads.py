"""Bytes that the agent carries without understanding them: a datagram, a message behind its length, a stream."""

from __future__ import annotations

import base64
import struct
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.agent.conftest import Ask, Hosts

PORT, ADDRESS = 5300, "10.0.2.2"

SERVER = f"""
import socket, struct, threading
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("0.0.0.0", {PORT}))
tcp = socket.create_server(("0.0.0.0", {PORT}))
def datagrams():
    while True:
        data, peer = udp.recvfrom(65535)
        udp.sendto(data[::-1], peer)
def streams():
    while True:
        connection, _ = tcp.accept()
        with connection:
            length = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))[0]
            data = connection.recv(length, socket.MSG_WAITALL)
            if data == b"nothing":
                continue
            said = length if data != b"too short" else length + 5
            connection.sendall(struct.pack("!H", said) + data[::-1])
threading.Thread(target=datagrams, daemon=True).start()
print("ready", flush=True)
streams()
"""


@pytest.fixture(scope="module", autouse=True)
def server(hosts: Hosts) -> Iterator[None]:
    """A server that turns what it is sent around."""
    command = hosts.on("server", sys.executable, "-c", SERVER)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield
        process.terminate()


def carried(ask: Ask, protocol: str, data: bytes, until: str = "length") -> tuple[str, bytes, dict[str, Any]]:
    wire = data if protocol == "udp" else struct.pack("!H", len(data)) + data
    probe = {"address": ADDRESS, "port": PORT, "protocol": protocol, "data": base64.b64encode(wire).decode()}
    (result,) = ask(probe | {"until": until})
    return result["outcome"], base64.b64decode(result["data"]), result


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_bytes_go_there_and_come_back(ask: Ask, protocol: str) -> None:
    data = bytes(range(256))
    assert carried(ask, protocol, data)[:2] == ("connected", data[::-1])


def test_the_sender_of_a_datagram_is_told(ask: Ask) -> None:
    assert carried(ask, "udp", b"abc")[2]["replied_from"] == ADDRESS


def test_up_to_the_end_of_a_stream_the_length_is_part_of_what_came(ask: Ask) -> None:
    assert carried(ask, "tcp", b"abc", until="end")[:2] == ("connected", b"\0\3cba")


@pytest.mark.parametrize("data", [b"nothing", b"too short"])
def test_a_stream_that_ends_before_its_message_is_a_reset(ask: Ask, data: bytes) -> None:
    outcome, _, result = carried(ask, "tcp", data)
    assert outcome == "reset"
    assert "closed after" in result["detail"]


def test_a_closed_port_is_refused_and_not_silent(ask: Ask) -> None:
    data = base64.b64encode(b"abc").decode()
    asked = [{"address": ADDRESS, "port": 5301, "protocol": protocol, "data": data} for protocol in ("udp", "tcp")]
    assert [result["outcome"] for result in ask(*asked)] == ["refused", "refused"]
