"""The servers that answer probes over TCP, UDP and the kernel's SCTP, in both families."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import re
import socket
from typing import Any, Callable, List

from . import datagrams, lines
from .evidence import describe, judge_errno, judge_queued, queued_error, want_errors
from .identity import Identity

Close = Callable[[], None]
Arrived = Callable[[str], object]
"""Is told the address of each client that was let in."""

_WILDCARDS = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))
_BACKLOG = 4096
_PER_WAKEUP = 64
_NO_IPV6 = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
_NONCE = re.compile(rb'"nonce":"([0-9a-f]{1,64})"')


class _Conversation(asyncio.Protocol):
    """One connection: answers line after line until the client closes it."""

    def __init__(self, identity: Identity, arrived: Arrived) -> None:
        self._identity = identity
        self._arrived = arrived
        self._pending = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._arrived(datagrams.host(transport.get_extra_info("peername")))

    def data_received(self, data: bytes) -> None:
        *complete, self._pending = (self._pending + data).split(b"\n")
        peer = self._transport.get_extra_info("peername")
        for line in complete:
            if line.startswith(lines.ECHO):
                self._transport.write(line + b"\n")
                continue
            request = lines.decode(line)
            if request is None:
                self._transport.close()
                return
            self._transport.write(self._identity.answer(request, datagrams.host(peer), peer[1]))
        if len(self._pending) > lines.LONGEST:
            self._transport.abort()


class _Datagrams:
    """One UDP socket: a datagram in, a datagram out."""

    def __init__(self, sock: socket.socket, identity: Identity, arrived: Arrived) -> None:
        self._sock = sock
        self._identity = identity
        self._arrived = arrived
        want_errors(sock)
        datagrams.want_local_address(sock)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._wake_up)

    def close(self) -> None:
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()

    def _wake_up(self) -> None:
        for _ in range(_PER_WAKEUP):
            self._pass_on_error()
            try:
                datagram = datagrams.receive(self._sock)
            except BlockingIOError:
                return
            except OSError:
                continue  # the errno of an ICMP message; the message itself is in the error queue
            self._arrived(datagrams.host(datagram.peer))
            if datagram.data.startswith(lines.ECHO):
                self._send_back(datagram)
                continue
            request = lines.decode(datagram.data)
            if request is not None:
                self._answer(datagram, request)

    def _send_back(self, datagram: datagrams.Datagram) -> None:
        datagrams.fragment(self._sock, allowed=True)
        with contextlib.suppress(OSError):  # no way back to the client, or no room: it sees what that is, silence
            datagrams.answer(self._sock, datagram.data, datagram)

    def _answer(self, datagram: datagrams.Datagram, request: dict[str, Any]) -> None:
        datagrams.fragment(self._sock, allowed=not request.get("df"))
        source = datagrams.host(datagram.peer)
        line = self._identity.answer(request, source, datagram.peer[1])
        try:
            datagrams.answer(self._sock, line, datagram)
        except OSError as error:
            if error.errno != errno.EMSGSIZE:
                return  # no way back to the client: it sees what that is, silence
            queued = queued_error(self._sock)
            finding = judge_errno(errno.EMSGSIZE, path_mtu=queued.info if queued else 0)
            notice = _too_long(request.get("nonce"), finding.detail, finding.path_mtu)
            datagrams.answer(self._sock, notice, datagram)

    def _pass_on_error(self) -> None:
        """Tell the client when a router reported that an answer with DF was too long: only the server hears of it."""
        error = queued_error(self._sock)
        if error is None or error.errno != errno.EMSGSIZE:
            return
        nonce = _NONCE.search(error.payload)
        if nonce is not None:
            finding = judge_queued(error)
            self._sock.sendto(_too_long(nonce.group(1).decode(), finding.detail, finding.path_mtu), error.address)


def _too_long(nonce: Any, detail: str, path_mtu: int) -> bytes:
    return lines.encode({"nonce": nonce, "too_long": {"detail": detail, "path_mtu": path_mtu}})


async def serve_stream(
    port: int, identity: Identity, arrived: Arrived, protocol: int = socket.IPPROTO_TCP
) -> List[Close]:
    """Listen on a port in both families. Raises OSError, with the port in its text, when it cannot."""
    loop = asyncio.get_running_loop()
    closes: List[Close] = []
    for sock in _open(socket.SOCK_STREAM, port, protocol):
        server = await loop.create_server(lambda: _Conversation(identity, arrived), sock=sock, backlog=_BACKLOG)
        closes.append(server.close)
    return closes


def serve_udp(port: int, identity: Identity, arrived: Arrived) -> List[Close]:
    """Answer datagrams to a port in both families. Raises OSError, with the port in its text, when it cannot."""
    return [_Datagrams(sock, identity, arrived).close for sock in _open(socket.SOCK_DGRAM, port)]


def _open(kind: socket.SocketKind, port: int, protocol: int = 0) -> list[socket.socket]:
    """Bind a port in both families, or in IPv4 alone on a machine without IPv6; all of them or none."""
    opened: list[socket.socket] = []
    for family, wildcard in _WILDCARDS:
        try:
            opened.append(_bind(family, kind, protocol, (wildcard, port)))
        except OSError as error:
            if family == socket.AF_INET6 and error.errno in _NO_IPV6:
                continue
            for sock in opened:
                sock.close()
            raise OSError(error.errno, f"cannot listen on port {port}: {describe(error.errno or 0)}") from error
    return opened


def _bind(family: int, kind: int, protocol: int, address: tuple[str, int]) -> socket.socket:
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        if kind == socket.SOCK_STREAM:
            sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
