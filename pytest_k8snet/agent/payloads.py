"""Probes that carry bytes which this program does not understand: whoever asked speaks the protocol, such as DNS."""

from __future__ import annotations

import asyncio
import base64
import socket

from .evidence import CONNECTED, RESET, TIMEOUT, Finding, judge, own_fault, want_errors
from .messages import Exchange, exchange
from .streams import connected, send
from .target import Target
from .waiting import ready

_CHUNK = 1 << 16
_LONGEST = 1 << 20
_PREFIX = 2


async def carry_datagram(target: Target, seconds: float) -> Finding:
    """Send the bytes in one datagram and return those of the first that comes back, from wherever it comes."""
    try:
        sock = socket.socket(target.family, socket.SOCK_DGRAM)
    except OSError as error:
        return own_fault(error)
    with sock:
        data = base64.b64decode(target.question.data)
        asked = Exchange(target, target.question.port, data, lambda came: _carried(came), lambda error: True)
        return await exchange(sock, asked, seconds)


async def carry_stream(target: Target, seconds: float) -> Finding:
    """Send the bytes over a connection and return what comes back.

    With ``until`` "length" that is a message behind the two bytes of its length, as DNS has it (RFC 1035, 4.2.2), with
    "end" all up to the end of the stream. Each of handshake and answer has the whole time-out.
    """
    try:
        sock = socket.socket(target.family, socket.SOCK_STREAM)
    except OSError as error:
        return own_fault(error)
    with sock:
        sock.setblocking(False)
        want_errors(sock)
        failed = await connected(sock, target, sock.connect_ex((target.address, target.question.port)), seconds)
        if failed is not None:
            return failed
        return (await _converse(sock, target, seconds))._replace(handshake=True)


async def _converse(sock: socket.socket, target: Target, seconds: float) -> Finding:
    deadline = asyncio.get_running_loop().time() + seconds
    prefixed = target.question.until == "length"
    try:
        if not await send(sock, base64.b64decode(target.question.data), deadline):
            return Finding(TIMEOUT, "handshake completed, but the request was not taken")
        came, ended = await _receive(sock, prefixed, deadline)
    except OSError as error:
        finding = judge(sock, error.errno or 0)
        return finding._replace(detail="after the handshake: %s" % finding.detail)
    if prefixed and _is_whole(came):
        return _carried(came[_PREFIX:])
    if ended:
        return _carried(came) if came and not prefixed else Finding(RESET, "closed after %d bytes" % len(came))
    return Finding(TIMEOUT, "handshake completed, %d bytes within %g s" % (len(came), seconds))


async def _receive(sock: socket.socket, prefixed: bool, deadline: float) -> tuple[bytes, bool]:
    """Return what came, and whether the other end has closed the stream."""
    came = b""
    while len(came) < _LONGEST and await ready(sock, deadline):
        try:
            part = sock.recv(_CHUNK)
        except BlockingIOError:
            continue
        came += part
        if not part or (prefixed and _is_whole(came)):
            return came, not part
    return came, False


def _is_whole(came: bytes) -> bool:
    return len(came) >= _PREFIX and len(came) - _PREFIX >= int.from_bytes(came[:_PREFIX], "big")


def _carried(came: bytes) -> Finding:
    return Finding(CONNECTED, data=base64.b64encode(came).decode())
