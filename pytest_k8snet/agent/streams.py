"""Probes over connections: TCP, and SCTP where the kernel has it."""

from __future__ import annotations

import asyncio
import errno
import socket

from . import lines, sctp
from .evidence import CONNECTED, PROBE_ERROR, RESET, TIMEOUT, Finding, judge, judge_send, own_fault, want_errors
from .target import Target
from .waiting import ready

_CHUNK = 1 << 16


async def probe_kernel_sctp(target: Target, seconds: float) -> Finding:
    """Do what ``probe_stream`` does over a one-to-one SCTP association."""
    return await probe_stream(target, seconds, sctp.PROTOCOL)


async def probe_stream(target: Target, seconds: float, protocol: int = socket.IPPROTO_TCP) -> Finding:
    """Connect, send the request, read the answer. Each of handshake and answer has the whole time-out."""
    try:
        sock = socket.socket(target.family, socket.SOCK_STREAM, protocol)
    except OSError as error:
        return own_fault(error)
    with sock:
        sock.setblocking(False)
        want_errors(sock)
        number = sock.connect_ex((target.address, target.question.port))
        return await finish_stream(sock, target, number, seconds)


async def finish_stream(sock: socket.socket, target: Target, number: int, seconds: float) -> Finding:
    """Do the rest of a probe of which ``connect`` returned ``number``."""
    failed = await connected(sock, target, number, seconds)
    if failed is not None:
        return failed
    if target.question.bare:
        return Finding(CONNECTED, "handshake completed", handshake=True)
    return (await _converse(sock, target, seconds))._replace(handshake=True)


async def connected(sock: socket.socket, target: Target, number: int, seconds: float) -> Finding | None:
    """Wait for the handshake of which ``connect`` returned ``number``; return what went wrong, None if nothing."""
    deadline = asyncio.get_running_loop().time() + seconds
    if number not in (0, errno.EINPROGRESS):
        return judge_send(sock, number, target.address)
    if not await ready(sock, deadline, writing=True):
        return Finding(TIMEOUT, "no answer to the handshake")
    number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return judge(sock, number) if number else None


async def _converse(sock: socket.socket, target: Target, seconds: float) -> Finding:
    deadline = asyncio.get_running_loop().time() + seconds
    nonce, line = target.request()
    try:
        if not await send(sock, line, deadline):
            return Finding(TIMEOUT, "handshake completed, but the request was not taken")
        return read_answer(nonce, await _receive_line(sock, deadline))
    except asyncio.TimeoutError:
        return Finding(TIMEOUT, f"handshake completed, no answer within {seconds:g} s")
    except OSError as error:
        finding = judge(sock, error.errno or 0)
        return finding._replace(detail=f"after the handshake: {finding.detail}")


async def send(sock: socket.socket, data: bytes, deadline: float) -> bool:
    """Send all of it and return True, or False when the deadline passes first."""
    view = memoryview(data)
    while view:
        try:
            view = view[sock.send(view) :]
        except BlockingIOError:
            if not await ready(sock, deadline, writing=True):
                return False
    return True


async def _receive_line(sock: socket.socket, deadline: float) -> bytes:
    """Return what came up to the end of the line, of the stream, or of all that an agent would say."""
    parts = []
    while await ready(sock, deadline):
        try:
            part = sock.recv(_CHUNK)
        except BlockingIOError:
            continue
        parts.append(part)
        if not part or b"\n" in part or parts[0][:1] != b"{":
            return b"".join(parts)
    raise asyncio.TimeoutError


def read_answer(nonce: str, data: bytes) -> Finding:
    """Say what it means that this, and no more, came over a connection."""
    if not data:
        return Finding(RESET, "closed without an answer")
    if not data.startswith(b"{"):
        return Finding(CONNECTED, f"answered, but not by an agent: {data[:40]!r}")
    if not data.endswith(b"\n"):
        return Finding(RESET, f"closed after {len(data)} bytes of an answer")
    server = lines.decode(data)
    if server is None:
        return Finding(CONNECTED, f"answered, but not by an agent: {data[:40]!r}")
    if server.pop("nonce", None) != nonce:
        return Finding(PROBE_ERROR, "the answer carries another nonce than the request", server)
    return Finding(CONNECTED, "", server)
