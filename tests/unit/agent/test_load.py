"""Load by a timetable: what is measured when the other end is quick, slow, silent, stalled or gone."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_k8snet.agent.connection_rate import connection_rate
from pytest_k8snet.agent.load import Timetable
from pytest_k8snet.agent.target import Question, Target
from pytest_k8snet.agent.traffic import load
from pytest_k8snet.measure.latency.histogram import Histogram

MILLI = 1_000_000
Serve = Callable[[socket.socket], None]


class Server:
    """Something that listens on loopback, in a thread."""

    def __init__(self, kind: socket.SocketKind, serve: Serve) -> None:
        self.sock = socket.socket(socket.AF_INET, kind)
        self.sock.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            self.sock.listen(128)
        self._thread = threading.Thread(target=self._serve, args=(serve,), daemon=True)
        self._thread.start()

    def _serve(self, serve: Serve) -> None:
        with contextlib.suppress(OSError, TypeError):  # closed while it waits: no data, from nobody
            serve(self.sock)

    def target(self, protocol: str, size: int = 0) -> Target:
        port = self.sock.getsockname()[1]
        return Target(Question("127.0.0.1", port, protocol, size), socket.AF_INET, "127.0.0.1")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Callable[[socket.SocketKind, Serve], Server]]:
    made: list[Server] = []

    def start(kind: socket.SocketKind, serve: Serve) -> Server:
        made.append(Server(kind, serve))
        return made[-1]

    yield start
    for one in made:
        one.close()


def send_back(sock: socket.socket) -> None:
    while True:
        data, peer = sock.recvfrom(2048)
        sock.sendto(data, peer)


def never_accept(sock: socket.socket) -> None:
    """The kernel shakes hands by itself."""


def answered(report: dict[str, Any]) -> int:
    return sum(times for _, times in report["buckets"])


def milliseconds(report: dict[str, Any], percent: float) -> float:
    return Histogram(report["growth"], report["buckets"]).percentile(percent, beyond=report["lost"]) / MILLI


def test_an_echo_is_measured_and_the_rate_is_kept(server: Any) -> None:
    target = server(socket.SOCK_DGRAM, send_back).target("udp", 100)
    report = load("echo", target, Timetable(200, 40, 1.0), ()).run()
    assert answered(report) + report["void"] == report["sent"] == 40
    assert report["rate"] == pytest.approx(200, rel=0.2)
    assert report["lost"] == 0
    assert report["errors"] == {}


def test_a_server_that_stalls_once_makes_all_that_came_meanwhile_slow(server: Any) -> None:
    def stall_once(sock: socket.socket) -> None:
        data, peer = sock.recvfrom(2048)
        time.sleep(0.3)
        sock.sendto(data, peer)
        send_back(sock)

    target = server(socket.SOCK_DGRAM, stall_once).target("udp")
    report = load("echo", target, Timetable(100, 40, 1.0), ()).run()
    # A client that waits for each answer would count one slow of 40; here all 30 of the first 300 ms waited.
    assert milliseconds(report, 50) > 50
    assert milliseconds(report, 99) > 200


def test_what_is_not_answered_in_time_is_lost(server: Any) -> None:
    def every_other(sock: socket.socket) -> None:
        for number in range(10**6):
            data, peer = sock.recvfrom(2048)
            if number % 2:
                sock.sendto(data, peer)

    target = server(socket.SOCK_DGRAM, every_other).target("udp")
    report = load("echo", target, Timetable(200, 20, 0.2), ()).run()
    assert report["lost"] == 10


def test_connections_are_measured(server: Any) -> None:
    target = server(socket.SOCK_STREAM, never_accept).target("tcp")
    report = load("connect", target, Timetable(200, 20, 1.0), ()).run()
    assert answered(report) + report["void"] == 20


def test_a_refused_connection_is_an_error_by_its_name(server: Any) -> None:
    target = server(socket.SOCK_STREAM, never_accept).target("tcp")
    closed = target._replace(question=target.question._replace(port=1))
    report = load("connect", closed, Timetable(200, 5, 1.0), ()).run()
    assert report["errors"] == {"ECONNREFUSED": 5}
    assert report["buckets"] == []


def test_lines_on_an_open_connection_are_answered_in_their_order(server: Any) -> None:
    def conversation(sock: socket.socket) -> None:
        connection, _ = sock.accept()
        with connection:
            while data := connection.recv(4096):
                connection.sendall(data)

    target = server(socket.SOCK_STREAM, conversation).target("tcp", 64)
    report = load("exchange", target, Timetable(200, 30, 1.0), ()).run()
    assert answered(report) + report["void"] == 30


def test_a_connection_that_ends_in_the_middle_is_said(server: Any) -> None:
    def hang_up(sock: socket.socket) -> None:
        connection, _ = sock.accept()
        with connection:
            connection.recv(4096)

    target = server(socket.SOCK_STREAM, hang_up).target("tcp")
    with pytest.raises(OSError, match=r"closed by the other end|reset by peer"):
        load("exchange", target, Timetable(50, 30, 1.0), ()).run()


def test_answers_of_dns_are_known_by_their_number_and_a_failure_by_its_code(server: Any) -> None:
    def name_server(sock: socket.socket) -> None:
        for number in range(10**6):
            data, peer = sock.recvfrom(2048)
            code = 2 if number % 4 == 0 else 3
            sock.sendto(data[:3] + bytes([0x80 | code]) + data[4:], peer)

    target = server(socket.SOCK_DGRAM, name_server).target("udp")
    message = base64.b64encode(bytes(12) + b"\1a\0\0\1\0\1").decode()
    report = load("dns", target, Timetable(200, 20, 1.0), [message]).run()
    assert report["errors"] == {"rcode 2": 5}
    assert answered(report) + report["void"] == 15


@pytest.mark.parametrize(
    ("kind", "number", "said"), [("dns", 5, "no DNS message"), ("ping", 5, "unknown load"), ("echo", 70_000, "65535")]
)
def test_what_cannot_be_done_is_said(server: Any, kind: str, number: int, said: str) -> None:
    target = server(socket.SOCK_DGRAM, send_back).target("udp")
    with pytest.raises(ValueError, match=said):
        load(kind, target, Timetable(100, number, 1.0), ())


def test_new_connections_are_counted_up_to_the_number_that_is_allowed(server: Any) -> None:
    target = server(socket.SOCK_STREAM, never_accept).target("tcp")
    report = connection_rate(target, 5.0, at_once=8, most=100)
    assert (report["opened"], report["bound"], report["errors"]) == (100, 100, {})
    assert 0 < report["seconds"] < 5


def test_new_connections_are_counted_for_the_time_that_is_given() -> None:
    silent = Target(Question("192.0.2.1", 9, "tcp"), socket.AF_INET, "192.0.2.1")
    report = connection_rate(silent, 0.2, at_once=4, most=100)
    assert report["opened"] == 0
