"""Exec streams on the wire: both protocols, flags as Go reads them, early refusals, clients that vanish."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from pytest_k8snet.embedded.api.exec import CLIENT_SECONDS

Object = dict[str, Any]
V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
AUTH = {"Authorization": "Bearer sesame"}


def exec_url(api: Any, namespace: str, argv: Sequence[str], **flags: str) -> str:
    query = urlencode([*flags.items(), *(("command", word) for word in argv)])
    return f"https://127.0.0.1:{api.port}/api/v1/namespaces/{namespace}/pods/web/exec?{query}"


async def session(
    api: Any, url: str, protocol: str = V5, sends: Sequence[bytes] = ()
) -> tuple[str | None, dict[int, bytes]]:
    """The protocol chosen and what came on each channel, after sending ``sends``."""
    channels: dict[int, bytes] = {}
    connector = aiohttp.TCPConnector(ssl=api.trust)
    async with (
        aiohttp.ClientSession(connector=connector) as client,
        client.ws_connect(url, protocols=(protocol,), headers=AUTH) as stream,
    ):
        for data in sends:
            await stream.send_bytes(data)
        async for message in stream:
            channels[message.data[0]] = channels.get(message.data[0], b"") + message.data[1:]
        chosen = stream.protocol
    return chosen, channels


@pytest.fixture
def run(api: Any, namespace: str, make_pod: Callable[..., Object]) -> Callable[..., Any]:
    make_pod()

    def exec_(argv: Sequence[str], protocol: str = V5, sends: Sequence[bytes] = (), **flags: str) -> Any:
        url = exec_url(api, namespace, argv, **(flags or {"stdout": "1", "stderr": "1"}))
        return api.run(session(api, url, protocol, sends))

    return exec_


@pytest.mark.parametrize("protocol", [V5, V4])
def test_output_and_exit_code_arrive(run: Callable[..., Any], protocol: str) -> None:
    chosen, channels = run(["sh", "-c", "echo out; echo err >&2; exit 3"], protocol)
    assert (chosen, channels[1], channels[2]) == (protocol, b"out\n", b"err\n")
    status = json.loads(channels[3])
    assert (status["status"], status["reason"]) == ("Failure", "NonZeroExitCode")
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "3"}]


def test_success_is_said(run: Callable[..., Any]) -> None:
    assert json.loads(run(["true"])[1][3]) == {"metadata": {}, "status": "Success"}


def test_output_waits_until_client_go_has_made_its_streams(
    api: Any, namespace: str, make_pod: Callable[..., Object]
) -> None:
    make_pod()

    async def seconds_to_output() -> float:
        connector = aiohttp.TCPConnector(ssl=api.trust)
        url = exec_url(api, namespace, ["true"], stdout="1")
        async with (
            aiohttp.ClientSession(connector=connector) as client,
            client.ws_connect(url, protocols=(V5,), headers=AUTH) as stream,
        ):
            opened = time.monotonic()
            await stream.receive()
            return time.monotonic() - opened

    assert min(api.run(seconds_to_output()) for _ in range(3)) > 0.8 * CLIENT_SECONDS


def test_closing_stdin_ends_the_input(run: Callable[..., Any]) -> None:
    sends = [b"\x00one ", b"\x00two", b"\xff\x00"]
    _, channels = run(["cat"], sends=sends, stdin="true", stdout="true")
    assert channels[1] == b"one two"
    assert json.loads(channels[3])["status"] == "Success"


def test_flags_are_read_as_go_does(run: Callable[..., Any]) -> None:
    _, channels = run(["cat"], sends=[b"\x00x", b"\xff\x00"], stdin="True", stdout="T", stderr="0")
    assert channels[1] == b"x"


def test_streams_that_were_not_asked_for_stay_silent(run: Callable[..., Any]) -> None:
    _, channels = run(["sh", "-c", "echo out; echo err >&2"], stderr="1")
    assert sorted(channels) == [2, 3]


def test_megabytes_pass_unharmed(run: Callable[..., Any]) -> None:
    block = bytes(range(256)) * 128
    sends = [b"\x00" + block] * 96 + [b"\xff\x00"]
    _, channels = run(["cat"], sends=sends, stdin="1", stdout="1")
    assert channels[1] == block * 96


def test_unknown_channels_and_sizes_are_passed_over(run: Callable[..., Any]) -> None:
    sends = [b"", b"\x07x", b"\x04not json", b'\x04{"Width":80}', b'\x04{"Width":80,"Height":25}', b"\xff\x00"]
    _, channels = run(["cat"], sends=sends, stdin="1", stdout="1")
    assert json.loads(channels[3])["status"] == "Success"


def upgrade(protocol: str = V5) -> dict[str, str]:
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    return {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Protocol": protocol,
    }


def test_a_client_that_vanishes_ends_its_program(api: Any, namespace: str, make_pod: Callable[..., Object]) -> None:
    make_pod()
    path = exec_url(api, namespace, ["sh", "-c", "echo up; sleep 60"], stdout="1").partition(str(api.port))[2]
    connection = api.connect()
    connection.request("GET", path, headers={**AUTH, **upgrade()})
    received = b""
    while b"up\n" not in received:
        received += connection.sock.recv(4096)
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()
    process = api.runtime.processes[-1]
    assert asyncio.run_coroutine_threadsafe(process.wait(), api.loop).result(5) == -9


def test_a_client_that_reads_nothing_holds_up_its_own_program_only(
    api: Any, namespace: str, make_pod: Callable[..., Object]
) -> None:
    make_pod()
    path = exec_url(api, namespace, ["cat", "/dev/zero"], stdout="1").partition(str(api.port))[2]
    connection = api.connect()
    connection.request("GET", path, headers={**AUTH, **upgrade()})
    connection.sock.recv(100)
    for _ in range(20):
        assert api.request("GET", f"/api/v1/namespaces/{namespace}/pods/web").status == 200
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()
    process = api.runtime.processes[-1]
    deadline = time.monotonic() + 5
    while process.returncode is None:  # its wait() would wait for what nobody reads any more
        assert time.monotonic() < deadline, "the program of a client that is gone runs on"
        time.sleep(0.02)
    assert process.returncode == -9


def test_a_command_may_be_long(run: Callable[..., Any]) -> None:
    _, channels = run(["sh", "-c", "echo ${#0}", "x" * 60_000])
    assert channels[1] == b"60000\n"


@pytest.mark.parametrize(
    ("method", "query", "headers", "words"),
    [
        (
            "POST",
            "command=true&stdout=1",
            {"Connection": "Upgrade", "Upgrade": "SPDY/3.1"},
            "use kubectl 1.31 or newer",
        ),
        ("GET", "command=true&stdout=1", {}, "Upgrade request required"),
        ("GET", "command=true&stdout=1", upgrade("v1.channel.k8s.io"), "v5.channel.k8s.io"),
        ("GET", "stdout=1", upgrade(), "at least one command"),
        ("GET", "command=true", upgrade(), "at least one of stdin, stdout, stderr"),
        ("GET", "command=true&stdout=1&container=no", upgrade(), "container no is not valid for pod web"),
        ("GET", "command=true&stdout=maybe", upgrade(), "ParseBool"),
        ("GET", "command=true&stdout=1&container=dead", upgrade(), "container dead in pod web is not running"),
    ],
)
def test_what_cannot_be_is_refused_before_the_upgrade(
    api: Any,
    namespace: str,
    make_pod: Callable[..., Object],
    method: str,
    query: str,
    headers: dict[str, str],
    words: str,
) -> None:
    names = ("main", "dead") if "dead" in query else ("main",)
    make_pod(containers=[{"name": name, "image": "example:1"} for name in names])
    path = f"/api/v1/namespaces/{namespace}/pods/web/exec?{query}"
    answer = api.request(method, path, headers=headers)
    assert (answer.status, answer.body["reason"]) == (400, "BadRequest")
    assert words in answer.body["message"]


def test_a_pod_of_two_containers_needs_a_name(api: Any, namespace: str, make_pod: Callable[..., Object]) -> None:
    make_pod(containers=[{"name": name, "image": "example:1"} for name in ("a", "b")])
    path = f"/api/v1/namespaces/{namespace}/pods/web/exec?command=true&stdout=1"
    answer = api.request("GET", path, headers=upgrade())
    assert "choose one of: [a b]" in answer.body["message"]


def test_a_missing_pod_is_a_404(api: Any, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods/web/exec?command=true&stdout=1"
    assert api.request("GET", path, headers=upgrade()).status == 404
