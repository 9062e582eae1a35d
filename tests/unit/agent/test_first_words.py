"""What the main process asks by itself, and what it remembers of those who came."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_k8snet.kube.exec import AgentChannel, IoLoop

Tell = Callable[..., dict[str, Any]]
AGENT = (sys.executable, "-m", "pytest_k8snet.agent")
PORT = 9400


@pytest.fixture
def tell(servers: None, channels: dict[str, AgentChannel], loop: IoLoop) -> Tell:
    """Send any request to the exec'd role on a host."""

    def send(host: str, op: str, **fields: object) -> dict[str, Any]:
        return loop.run(channels[host].call({"op": op, **fields}, 10))

    return send


@contextmanager
def serving(hosts: Any, host: str, *arguments: str) -> Iterator[None]:
    command = hosts.on(host, *AGENT, "serve", f"--port={PORT}", *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield
        process.terminate()


def account(tell: Tell, host: str, *, seconds: float = 0, **wanted: object) -> dict[str, Any]:
    """Return what a host says of a question once it has been watched for a time and has an outcome."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        asked = tell(host, "journal", port=PORT)["asked"]
        for found in asked:
            if wanted.items() <= found.items() and found["watched"] >= seconds and found["outcomes"]:
                assert isinstance(found, dict)
                return found
    raise AssertionError(f"{host} did not ask {wanted}, but {asked}")


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("address", ["10.0.2.2", "fd00:2::2"])
def test_the_first_words_are_said_at_once_and_again(hosts: Any, tell: Tell, protocol: str, address: str) -> None:
    with serving(hosts, "client", f"--first-word={protocol},{address},8080"):
        found = account(tell, "client", address=address, protocol=protocol, seconds=0.5)
    assert found["outcomes"].keys() == {"connected"}
    assert found["outcomes"]["connected"] > 5
    assert 0 < found["first"] <= found["connected"]["after"] + 0.05
    assert found["connected"]["server"]["pod"] == "server"


def test_an_answer_among_many_silences_is_remembered(hosts: Any, tell: Tell) -> None:
    """A server that is there for a moment only is seen, whenever one looks."""
    with serving(hosts, "client", "--first-word=tcp,10.0.2.2,9401"):
        account(tell, "client", address="10.0.2.2")
        tell("server", "listen", protocol="tcp", port=9401, seconds=0.5)
        deadline = time.monotonic() + 5
        while not (found := account(tell, "client", address="10.0.2.2"))["connected"]:
            assert time.monotonic() < deadline
        later = account(tell, "client", address="10.0.2.2", seconds=found["watched"] + 1)
    assert later["connected"] == found["connected"]
    assert later["last"]["outcome"] == "refused"
    assert later["outcomes"]["refused"] > found["outcomes"]["refused"]


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_whoever_comes_is_called_back_at_once(hosts: Any, tell: Tell, protocol: str) -> None:
    with (
        serving(hosts, "server", "--call-back=9400"),
        serving(hosts, "client", f"--first-word={protocol},10.0.2.2,{PORT}"),
    ):
        back = account(tell, "server", address="10.0.1.2", port=PORT, protocol=protocol, seconds=0.5)
        clients = tell("client", "journal", port=PORT)["clients"]
    assert back["connected"]["server"]["pod"] == "client"
    (came,) = (client for client in clients if client["source"] == "10.0.2.2")
    assert (came["protocol"], came["port"]) == (protocol, PORT)
    assert came["times"] > 5


def test_the_journal_has_who_was_let_in_and_when_first(hosts: Any, tell: Tell, ask: Any) -> None:
    with serving(hosts, "server"):
        assert tell("server", "journal", port=PORT) == {"clients": [], "asked": []}
        ask(*({"address": "10.0.2.2", "port": PORT, "protocol": "tcp"},) * 3)
        (first,) = tell("server", "journal", port=PORT)["clients"]
        ask({"address": "fd00:2::2", "port": PORT, "protocol": "udp"})
        clients = tell("server", "journal", port=PORT)["clients"]
    assert (first["source"], first["protocol"], first["port"], first["times"]) == ("10.0.1.2", "tcp", PORT, 3)
    assert 0 < first["first"] < 60
    assert [client["source"] for client in clients] == ["10.0.1.2", "fd00:1::2"]


def test_a_first_word_that_cannot_be_read_is_refused(hosts: Any) -> None:
    command = [*AGENT, "serve", "--port=8080", "--first-word=10.0.2.2"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=10)
    assert ended.returncode == 1
    assert ended.stderr == "agent: --first-word=10.0.2.2 is not tcp,ADDRESS,PORT or udp,ADDRESS,PORT\n"
