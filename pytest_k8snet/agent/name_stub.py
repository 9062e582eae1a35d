"""A name server that says what it is told to say, and remembers what it was asked. It understands no records."""

from __future__ import annotations

import asyncio
import base64
import errno
import socket
import time
from typing import Any, Dict, List, Tuple

from . import datagrams

_HEADER, _TYPE_AND_CLASS = 12, 4
_KEPT = 4096


class NameStub:
    """Answers datagrams to a port. A reply is a whole message to the same question; id and question are put in.

    ``replies`` maps questions (their bytes in lower case, as hexadecimal digits) to replies in base64, ``otherwise`` is
    the reply to every other question, without one; "" is silence.
    """

    def __init__(self, port: int, replies: Dict[str, str], otherwise: str) -> None:
        self._replies = {key: base64.b64decode(value) for key, value in replies.items()}
        self._otherwise = base64.b64decode(otherwise)
        self._asked: List[Tuple[str, float]] = []
        self._loop = asyncio.get_running_loop()
        self._began = time.monotonic()
        self._sockets = [sock for family, host in _WILDCARDS for sock in _bound(family, host, port)]
        for sock in self._sockets:
            self._loop.add_reader(sock.fileno(), self._wake_up, sock)

    def asked(self) -> List[Tuple[str, float]]:
        """Return each question, as hexadecimal digits, with the seconds at which it came."""
        return self._asked

    def close(self) -> None:
        """Answer no more."""
        for sock in self._sockets:
            self._loop.remove_reader(sock.fileno())
            sock.close()
        self._sockets = []

    def _wake_up(self, sock: socket.socket) -> None:
        try:
            datagram = datagrams.receive(sock)
        except OSError:
            return  # nothing there, or what an ICMP message says of an answer
        query = datagram.data
        end = question_end(query)
        if not end:
            return
        question = query[_HEADER:end]
        if len(self._asked) < _KEPT:
            self._asked.append((question.hex(), round(time.monotonic() - self._began, 4)))
        reply = self._replies.get(question.lower().hex())
        if reply is not None:
            rest = reply[_HEADER + len(question) :]
        else:
            reply, rest = self._otherwise, b""
        if reply:
            datagrams.answer(sock, query[:2] + reply[2:_HEADER] + question + rest, datagram)


_WILDCARDS = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))


def _bound(family: socket.AddressFamily, host: str, port: int) -> List[socket.socket]:
    try:
        sock = socket.socket(family, socket.SOCK_DGRAM)
    except OSError as error:
        if error.errno == errno.EAFNOSUPPORT:
            return []
        raise
    sock.setblocking(False)
    datagrams.want_local_address(sock)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return [sock]


def question_end(message: bytes) -> int:
    """Return where the one question of a message ends, 0 for what is no such message (RFC 1035, 4.1.2)."""
    if len(message) < _HEADER or message[4:6] != b"\0\1":
        return 0
    place = _HEADER
    while place < len(message) and message[place]:
        place += message[place] + 1
    end = place + 1 + _TYPE_AND_CLASS
    return end if end <= len(message) else 0


class NameStubs:
    """The stubs of one process, by their ports."""

    def __init__(self) -> None:
        self._stubs: Dict[int, NameStub] = {}

    def open(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Serve a port for some seconds, or answer otherwise at one that is served. Raises OSError."""
        port = request["port"]
        self.close(port)
        self._stubs[port] = stub = NameStub(port, request["replies"], request["otherwise"])
        asyncio.get_running_loop().call_later(request["seconds"], stub.close)
        return {}

    def asked(self, port: int) -> Dict[str, Any]:
        """Return what was asked at a port since it was opened. Raises LookupError."""
        if port not in self._stubs:
            raise LookupError("no stub serves port %d: this agent may have been started anew" % port)
        return {"asked": self._stubs[port].asked()}

    def close(self, port: int) -> None:
        """Serve a port no more; fine for one that is not served."""
        stub = self._stubs.pop(port, None)
        if stub is not None:
            stub.close()
