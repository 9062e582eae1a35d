"""Connections that are held open: a line each 100 ms, and when each answer came."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
import time
from typing import Any, Dict, List

from .evidence import describe
from .target import Question, Target

_EVERY = 0.1
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
_CHUNK = 1 << 16
_POD = re.compile(rb'"pod":"([^"]{1,253})"')


class Hold:
    """One TCP connection, or one flow of UDP datagrams between the same two ports."""

    def __init__(self, sock: socket.socket, target: Target) -> None:
        self._sock = sock
        self._target = target
        self._began = time.monotonic()
        self._sent = 0
        self._answers: List[float] = []
        self._over = ""
        self._servers: List[str] = []
        self._answered = asyncio.Event()
        self._sending = asyncio.ensure_future(self._send())
        asyncio.get_running_loop().add_reader(sock.fileno(), self._receive)

    async def answered(self, seconds: float) -> None:
        """Wait for the first answer. Raises OSError when none comes."""
        try:
            await asyncio.wait_for(self._answered.wait(), seconds)
        except asyncio.TimeoutError:
            self.release()
            raise OSError(errno.ETIMEDOUT, "the connection carried no answer") from None

    def report(self) -> Dict[str, Any]:
        """Return the age, what was sent and when each answer came, in seconds since the connection was open.

        ``over`` says why nothing is sent any more, "" while lines are sent; ``servers`` are the pods that answered, in
        the order in which they took over from each other.
        """
        age = round(time.monotonic() - self._began, 3)
        times = {"age": age, "sent": self._sent, "answers": list(self._answers)}
        return {**times, "over": self._over, "servers": list(self._servers)}

    def release(self) -> None:
        """Close the connection."""
        self._end("released")

    async def _send(self) -> None:
        while not self._over:
            try:
                self._sock.send(self._target.request()[1])
                self._sent += 1
            except BlockingIOError:
                pass  # nothing of what was sent before is acknowledged: there is no room for more
            except OSError as error:
                self._failed(error)
            await asyncio.sleep(_EVERY)

    def _receive(self) -> None:
        try:
            data = self._sock.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self._failed(error)
            return
        if not data:
            self._end("closed by the other end")
            return
        self._answers += [round(time.monotonic() - self._began, 3)] * data.count(b"\n")
        for name in _POD.findall(data):
            if self._servers[-1:] != [name.decode()]:
                self._servers.append(name.decode())
        self._answered.set()

    def _failed(self, error: OSError) -> None:
        # An ICMP message ends no flow of datagrams: what is sent next may arrive.
        if self._sock.type == socket.SOCK_STREAM:
            self._end(describe(error.errno or 0))

    def _end(self, why: str) -> None:
        if not self._over:
            self._over = why
            asyncio.get_running_loop().remove_reader(self._sock.fileno())
            self._sock.close()


class Holds:
    """What one process holds open, by the number that it was given."""

    def __init__(self) -> None:
        self._holds: Dict[int, Hold] = {}

    async def open(self, target: Target, seconds: float) -> int:
        """Open a connection and return its number once an answer has come. Raises OSError when none comes."""
        hold = Hold(await _connected(target, seconds), target)
        await hold.answered(seconds)
        self._holds[len(self._holds) + 1] = hold
        return len(self._holds)

    def __getitem__(self, number: int) -> Hold:
        """Return what is held under a number. Raises LookupError."""
        if number not in self._holds:
            raise LookupError(f"nothing is held under the number {number}: this agent may have been started anew")
        return self._holds[number]


def question_to_hold(fields: Dict[str, Any]) -> Question:
    """Make a question of a request's fields. Raises ValueError for a protocol that cannot be held."""
    question = Question.parse(fields)
    if question.protocol not in _KINDS:
        raise ValueError(f"cannot hold {question.protocol!r}, only {', '.join(_KINDS)}")
    return question


async def _connected(target: Target, seconds: float) -> socket.socket:
    sock = socket.socket(target.family, _KINDS[target.question.protocol])
    sock.setblocking(False)
    try:
        connecting = asyncio.get_running_loop().sock_connect(sock, (target.address, target.question.port))
        await asyncio.wait_for(connecting, seconds)
    except asyncio.TimeoutError:
        sock.close()
        raise OSError(errno.ETIMEDOUT, "no answer to the handshake") from None
    except OSError:
        sock.close()
        raise
    return sock
