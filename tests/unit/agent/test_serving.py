"""The agent's two roles as processes: what they serve, refuse, and how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_k8snet.errors import AgentRefused
from pytest_k8snet.kube.exec import AgentChannel, IoLoop

Ask = Callable[..., list[dict[str, Any]]]
Tell = Callable[..., dict[str, Any]]

AGENT = (sys.executable, "-m", "pytest_k8snet.agent")


@pytest.fixture
def tell(servers: None, channels: dict[str, AgentChannel], loop: IoLoop) -> Tell:
    """Send any request to the exec'd role on a host."""

    def send(host: str, op: str, **fields: object) -> dict[str, Any]:
        return loop.run(channels[host].call({"op": op, **fields}, 10))

    return send


@pytest.fixture
def exec_role() -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen([*AGENT, "probe"], stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        yield process
        process.kill()


def probe(port: int, protocol: str, address: str = "10.0.2.2") -> dict[str, object]:
    return {"address": address, "port": port, "protocol": protocol}


def test_every_port_is_served_by_one_process(ask: Ask) -> None:
    results = ask(*(probe(port, protocol) for port in (80, 8080) for protocol in ("tcp", "udp", "sctp")))
    assert {result["outcome"] for result in results} == {"connected"}
    assert len({result["server"]["instance"] for result in results}) == 1


def test_hello_tells_what_the_agent_can_do(tell: Tell) -> None:
    client, server = tell("client", "hello"), tell("server", "hello")
    assert client["capabilities"]["icmp"] == "dgram"
    assert server["capabilities"]["icmp"] == "raw"
    assert client["capabilities"]["sctp"] in ("kernel", "raw")
    assert client["capabilities"]["capture"] is True
    assert client["python"].startswith("3.")
    assert client["instance"] != server["instance"]


def test_facts_are_what_the_kernel_says(tell: Tell) -> None:
    facts = tell("client", "facts")
    assert {"dev": "eth0", "address": "10.0.1.2", "prefix": 24, "family": "ipv4", "scope": "global"} in facts[
        "addresses"
    ]
    assert {"dev": "eth0", "address": "fd00:1::2", "prefix": 64, "family": "ipv6", "scope": "global"} in facts[
        "addresses"
    ]
    (link,) = (link for link in facts["links"] if link["dev"] == "eth0")
    assert (link["mtu"], link["up"], len(link["mac"])) == (1500, True, 17)
    routes = {(route["family"], route["destination"]): route for route in facts["routes"]}
    assert routes["ipv4", "0.0.0.0/0"]["gateway"] == "10.0.1.1"
    assert routes["ipv6", "::/0"]["gateway"] == "fd00:1::1"
    assert routes["ipv4", "203.0.113.0/26"]["type"] == "unreachable"
    assert facts["netns"] != os.stat("/proc/self/ns/net").st_ino


@pytest.mark.parametrize("protocol", ["tcp", "udp", "sctp"])
def test_a_port_is_open_from_listen_to_unlisten(ask: Ask, tell: Tell, protocol: str) -> None:
    outcomes = [ask(probe(9000, protocol))[0]["outcome"]]
    tell("server", "listen", port=9000, protocol=protocol, seconds=30)
    outcomes.append(ask(probe(9000, protocol))[0]["outcome"])
    assert tell("server", "unlisten", port=9000, protocol=protocol) == {"closed": True}
    outcomes.append(ask(probe(9000, protocol))[0]["outcome"])
    assert outcomes == ["refused", "connected", "refused"]


def test_a_port_closes_by_itself_when_its_time_is_over(ask: Ask, tell: Tell) -> None:
    tell("server", "listen", port=9001, protocol="tcp", seconds=0.2)
    assert ask(probe(9001, "tcp"))[0]["outcome"] == "connected"
    deadline = time.monotonic() + 5
    while ask(probe(9001, "tcp"))[0]["outcome"] == "connected":
        assert time.monotonic() < deadline


@pytest.mark.parametrize("protocol", ["tcp", "udp", "sctp"])
def test_a_port_of_the_main_process_is_taken(tell: Tell, protocol: str) -> None:
    with pytest.raises(AgentRefused, match="ddress already in use") as refused:
        tell("server", "listen", port=8080, protocol=protocol, seconds=5)
    assert refused.value.errno == "EADDRINUSE"


def test_an_unknown_request_is_refused(tell: Tell) -> None:
    with pytest.raises(AgentRefused, match="unknown op 'dance', known are"):
        tell("client", "dance")


def test_a_request_that_lacks_a_field_is_refused(tell: Tell) -> None:
    with pytest.raises(AgentRefused, match="timeout"):
        tell("client", "probe", probes=[])


@pytest.mark.parametrize("server", ["client", "server"])
def test_a_client_hears_that_the_answer_is_too_long_for_the_way_back(hosts: Any, servers: None, server: str) -> None:
    # Only the server gets the ICMP message, or its own kernel's refusal: it must pass the news on.
    asking, address = ("client", "10.0.2.2") if server == "server" else ("server", "10.0.1.2")
    script = (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5);"
        f's.sendto(b\'{{"nonce":"ab","size":1450,"df":true}}\', (\'{address}\', 8088));'
        "print(s.recv(2000).decode())"
    )
    with subprocess.Popen(
        hosts.on(server, *AGENT, "serve", "--port=8088"), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        said = subprocess.run(
            hosts.on(asking, sys.executable, "-c", script), check=True, capture_output=True, text=True
        ).stdout
        process.terminate()
    answer = json.loads(said)
    assert answer["nonce"] == "ab"
    assert answer["too_long"]["path_mtu"] == 1400
    assert ("ICMP fragmentation needed" in answer["too_long"]["detail"]) is (server == "client")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_main_process_ends_on_a_signal(hosts: Any, number: signal.Signals) -> None:
    command = hosts.on("client", *AGENT, "serve", "--port=8080")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("client (")
        process.send_signal(number)
        assert process.wait(5) == 0


def test_the_main_process_ends_when_the_exec_role_is_asked_to_end_it(hosts: Any, tell: Tell) -> None:
    command = hosts.on("server", *AGENT, "serve", "--port=9200")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            assert tell("server", "end", port=9200) == {}
            assert process.wait(5) == 0
        finally:
            process.kill()
    with pytest.raises(AgentRefused, match="refused") as refused:
        tell("server", "end", port=9200)
    assert refused.value.errno == "ECONNREFUSED"


def test_the_main_process_says_which_port_is_taken(hosts: Any, servers: None) -> None:
    command = hosts.on("server", *AGENT, "serve", "--port=9100", "--port=8080")
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=10)
    assert ended.returncode == 1
    assert ended.stderr.startswith("agent: ")
    assert "cannot listen on port 8080: EADDRINUSE" in ended.stderr


def test_a_connection_serves_request_after_request(hosts: Any, servers: None) -> None:
    script = (
        "import socket; s = socket.create_connection(('10.0.2.2', 8080)); f = s.makefile('rwb');"
        "[(f.write(b'{\"nonce\":\"%d\"}\\n' % n), f.flush(), print(f.readline().decode(), end='')) for n in range(3)];"
        "f.write(b'no json\\n'); f.flush(); print(repr(f.readline()))"
    )
    command = hosts.on("client", sys.executable, "-c", script)
    *answers, end = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert [json.loads(answer)["nonce"] for answer in answers] == ["0", "1", "2"]
    assert end == "b''"


@pytest.mark.parametrize("last_words", ["", '{"op":"quit"}\n'])
def test_the_exec_role_ends_with_its_input_or_on_request(exec_role: subprocess.Popen[str], last_words: str) -> None:
    assert exec_role.stdin is not None
    probes = [{"address": "127.0.0.1", "port": 1, "protocol": "tcp"}]
    exec_role.stdin.write(json.dumps({"id": 1, "op": "probe", "timeout": 1, "probes": probes}) + "\n")
    exec_role.stdin.flush()
    assert exec_role.stdout is not None
    assert json.loads(exec_role.stdout.readline())["id"] == 1
    exec_role.stdin.write(last_words)
    exec_role.stdin.flush()
    if not last_words:
        exec_role.stdin.close()
    assert exec_role.wait(5) == 0


def test_requests_are_answered_as_they_are_done(exec_role: subprocess.Popen[str]) -> None:
    assert exec_role.stdin is not None
    assert exec_role.stdout is not None
    slow = {"op": "probe", "timeout": 1, "probes": [{"address": "nowhere.invalid", "port": 1, "protocol": "tcp"}]}
    requests: list[dict[str, object]] = [slow, {"op": "hello"}, {"op": "facts"}]
    for number, request in enumerate(requests):
        exec_role.stdin.write(json.dumps({"id": number} | request) + "\n")
    exec_role.stdin.flush()
    assert {json.loads(exec_role.stdout.readline())["id"] for _ in range(3)} == {0, 1, 2}


def test_a_line_that_is_no_request_is_answered_by_an_error(exec_role: subprocess.Popen[str]) -> None:
    said, _ = exec_role.communicate("dance!\n", timeout=5)
    assert json.loads(said) == {"id": None, "error": "not a request: b'dance!'"}


def test_what_runs_when_the_input_ends_is_answered(exec_role: subprocess.Popen[str]) -> None:
    silent = {"op": "probe", "timeout": 0.2, "probes": [{"address": "127.0.0.1", "port": 1, "protocol": "tcp"}] * 50}
    said, _ = exec_role.communicate(json.dumps({"id": 7} | silent) + "\n", timeout=5)
    assert len(json.loads(said)["results"]) == 50
