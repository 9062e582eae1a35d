"""Connections that the exec'd role holds open, and what it tells of them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_k8snet.errors import AgentRefused
from tests.unit.agent.conftest import Tell

AGENT = (sys.executable, "-m", "pytest_k8snet.agent")
both = pytest.mark.parametrize("protocol", ["tcp", "udp"])


def hold(tell: Tell, protocol: str, port: int = 8080) -> int:
    number = tell("hold", probe={"address": "10.0.2.2", "port": port, "protocol": protocol}, timeout=1)["hold"]
    assert isinstance(number, int)
    return number


def until(tell: Tell, number: int, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the first report of a hold of which something holds."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if holds(report := tell("held", hold=number)):
            return report
    raise AssertionError(f"the last report was {report}")


@contextmanager
def no_way_back(hosts: Any) -> Iterator[None]:
    """Let the server's packets to the client vanish."""
    subprocess.run(hosts.on("server", "ip", "route", "add", "blackhole", "10.0.1.2/32"), check=True)
    try:
        yield
    finally:
        subprocess.run(hosts.on("server", "ip", "route", "del", "blackhole", "10.0.1.2/32"), check=True)


@both
def test_a_held_connection_tells_when_each_answer_came(tell: Tell, protocol: str) -> None:
    number = hold(tell, protocol)
    report = until(tell, number, lambda report: len(report["answers"]) >= 4)
    assert report["over"] == ""
    assert report["sent"] >= 4
    assert report["answers"] == sorted(report["answers"])
    assert report["answers"][-1] <= report["age"]
    tell("held", hold=number, release=True)


@both
def test_answers_stop_when_the_path_is_cut_and_go_on_when_it_is_mended(hosts: Any, tell: Tell, protocol: str) -> None:
    number = hold(tell, protocol)
    with no_way_back(hosts):
        cut = until(tell, number, lambda report: report["age"] - report["answers"][-1] > 0.5)
        assert cut["over"] == ""
    mended = until(tell, number, lambda report: report["answers"][-1] > cut["age"] and report["sent"] > cut["sent"])
    assert mended["over"] == ""
    tell("held", hold=number, release=True)


@both
def test_a_released_connection_sends_no_more(tell: Tell, protocol: str) -> None:
    number = hold(tell, protocol)
    tell("held", hold=number, release=True)
    released = tell("held", hold=number)
    assert released["over"] == "released"
    assert until(tell, number, lambda report: report["age"] > released["age"] + 0.3)["sent"] == released["sent"]


def test_a_connection_that_the_server_closes_says_so(hosts: Any, tell: Tell) -> None:
    command = hosts.on("server", *AGENT, "serve", "--port=9300")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        number = hold(tell, "tcp", 9300)
        process.terminate()
        assert until(tell, number, lambda report: bool(report["over"]))["over"].startswith(("closed", "ECONNRESET"))


def test_what_does_not_connect_is_refused_with_the_errno(tell: Tell) -> None:
    with pytest.raises(AgentRefused) as refused:
        hold(tell, "tcp", 9)
    assert refused.value.errno == "ECONNREFUSED"


def test_silence_is_no_open_connection(hosts: Any, tell: Tell) -> None:
    with no_way_back(hosts), pytest.raises(AgentRefused) as refused:
        hold(tell, "udp")
    assert refused.value.errno == "ETIMEDOUT"


def test_what_cannot_be_held_and_what_is_not_held_is_said(tell: Tell) -> None:
    with pytest.raises(AgentRefused, match="cannot hold 'icmp', only tcp, udp"):
        hold(tell, "icmp")
    with pytest.raises(AgentRefused, match="nothing is held under the number 99"):
        tell("held", hold=99)
