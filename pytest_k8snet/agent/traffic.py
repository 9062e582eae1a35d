"""What load is made of: TCP connections, lines on an open connection, datagrams that are echoed, questions to DNS."""

from __future__ import annotations

import base64
import errno
import os
import selectors
import socket
import struct
from typing import Any, Callable, Dict, List, Sequence, Tuple

from . import lines
from .load import Load, Timetable, Traffic, close
from .target import Target

_RESET_ON_CLOSE = struct.pack("=ii", 1, 0)
_CHUNK = 1 << 16
_PER_WAKEUP = 64
_FLOWS = 16  # UDP flows that share the questions: a Service leads each to a replica
_UNDER_WAY = {errno.EINPROGRESS, errno.EAGAIN}


def begin(sock: socket.socket, target: Target) -> int:
    """Begin to connect; return 0 or an errno. Closing will reset the connection: none keeps its port (TIME_WAIT)."""
    sock.setblocking(False)
    if sock.type == socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    number = sock.connect_ex((target.address, target.question.port))
    return 0 if number in _UNDER_WAY else number


def name_of(number: int) -> str:
    """Return the name of an errno."""
    return errno.errorcode.get(number, str(number))


class Connects(Traffic):
    """Each request is a new TCP connection: its time is that of the handshake."""

    def __init__(self, selector: selectors.BaseSelector, target: Target) -> None:
        super().__init__(selector)
        self._target = target
        self._socks: Dict[int, socket.socket] = {}

    def send(self, number: int) -> str:
        """Send a SYN."""
        sock = socket.socket(self._target.family, socket.SOCK_STREAM)
        if error := begin(sock, self._target):
            sock.close()
            return name_of(error)
        self._socks[number] = sock
        self.selector.register(sock, selectors.EVENT_WRITE, number)
        return ""

    def receive(self, key: selectors.SelectorKey) -> List[Tuple[int, str]]:
        """See how a handshake ended."""
        error = self._socks[key.data].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self.give_up(key.data)
        return [(key.data, name_of(error) if error else "")]

    def give_up(self, number: int) -> None:
        """Close the socket of a connection."""
        sock = self._socks.pop(number)
        self.selector.unregister(sock)
        sock.close()


class Lines(Traffic):
    """Each request is a line on one open TCP connection; answers come in the order of the requests."""

    def __init__(self, selector: selectors.BaseSelector, target: Target, seconds: float) -> None:
        super().__init__(selector)
        self._sock = socket.create_connection((target.address, target.question.port), timeout=seconds)
        self._sock.setblocking(False)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._size = target.question.size
        self._unsent = self._came = b""
        selector.register(self._sock, selectors.EVENT_READ)

    def send(self, number: int) -> str:
        """Write a line. What the connection does not take waits for the next one: that is the network's time."""
        self._unsent += lines.echo(number, self._size)
        try:
            self._unsent = self._unsent[self._sock.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError as error:
            return name_of(error.errno or 0)
        return ""

    def receive(self, key: selectors.SelectorKey) -> List[Tuple[int, str]]:
        """Read the lines that came back. Raises OSError when the connection ends."""
        data = self._sock.recv(_CHUNK)
        if not data:
            raise OSError(errno.ECONNRESET, "the connection was closed by the other end")
        *complete, self._came = (self._came + data).split(b"\n")
        return [(lines.echoed(line), "") for line in complete]


class Datagrams(Traffic):
    """Each request is a datagram; ``make`` gives its bytes, ``read`` the number of the request that an answer is to.

    ``read`` gives -1 for what is no answer, and with the number what is wrong with it, "" for nothing.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        target: Target,
        flows: int,
        make: Callable[[int], bytes],
        read: Callable[[bytes], Tuple[int, str]],
    ) -> None:
        super().__init__(selector)
        self._make, self._read = make, read
        self._socks = [socket.socket(target.family, socket.SOCK_DGRAM) for _ in range(flows)]
        for sock in self._socks:
            selector.register(sock, selectors.EVENT_READ)
            if error := begin(sock, target):
                raise OSError(error, os.strerror(error))

    def send(self, number: int) -> str:
        """Send a datagram, by each of the flows in turn."""
        try:
            self._socks[number % len(self._socks)].send(self._make(number))
        except OSError as error:
            return name_of(error.errno or 0)
        return ""

    def receive(self, key: selectors.SelectorKey) -> List[Tuple[int, str]]:
        """Read the datagrams that came."""
        found: List[Tuple[int, str]] = []
        sock: Any = key.fileobj
        for _ in range(_PER_WAKEUP):
            try:
                found.append(self._read(sock.recv(_CHUNK)))
            except BlockingIOError:
                break
            except OSError:
                continue  # an ICMP error, which names no request: that one will be lost
        return found


def echoes(selector: selectors.BaseSelector, target: Target) -> Datagrams:
    """Return traffic of datagrams that the agent at the other end sends back."""
    size = target.question.size
    return Datagrams(
        selector, target, 1, lambda number: lines.echo(number, size), lambda data: (lines.echoed(data), "")
    )


def questions(selector: selectors.BaseSelector, target: Target, messages: Sequence[bytes]) -> Datagrams:
    """Return traffic of DNS messages, used in turn; each gets its number for its id. Raises ValueError without any.

    An answer with another code than "no error" and "no such name" is an error.
    """
    if not messages:
        raise ValueError("no DNS message to send")

    def make(number: int) -> bytes:
        return struct.pack("!H", number & 0xFFFF) + messages[number % len(messages)][2:]

    def read(data: bytes) -> Tuple[int, str]:
        if len(data) < 12:
            return -1, ""
        code = data[3] & 15
        return struct.unpack("!H", data[:2])[0], "" if code in (0, 3) else "rcode %d" % code

    return Datagrams(selector, target, _FLOWS, make, read)


def load(kind: str, target: Target, table: Timetable, messages: Sequence[str]) -> Load:
    """Return a load of one kind: connect, exchange, echo or dns. Raises ValueError for others, OSError."""
    if table.number > 0xFFFF:
        raise ValueError("at most 65535 requests: answers are known by a number of 16 bits")
    selector = selectors.DefaultSelector()
    try:
        return Load(_traffic(kind, selector, target, table.timeout, messages), table)
    except BaseException:
        close(selector)
        raise


def _traffic(
    kind: str, selector: selectors.BaseSelector, target: Target, seconds: float, messages: Sequence[str]
) -> Traffic:
    if kind == "connect":
        return Connects(selector, target)
    if kind == "exchange":
        return Lines(selector, target, seconds)
    if kind == "echo":
        return echoes(selector, target)
    if kind == "dns":
        return questions(selector, target, [base64.b64decode(text) for text in messages])
    raise ValueError("unknown load %r, known are connect, exchange, echo, dns" % kind)
