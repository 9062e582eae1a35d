"""Probes by single datagrams: UDP, and ICMP echo."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Callable, NamedTuple

from . import lines
from .datagrams import fragment, host
from .evidence import (
    CONNECTED,
    PROBE_ERROR,
    TIMEOUT,
    UNREACHABLE,
    Finding,
    QueuedError,
    judge_errno,
    judge_queued,
    judge_send,
    own_fault,
    queued_error,
    want_errors,
)
from .target import Target
from .waiting import ready

_ECHO = {socket.AF_INET: (8, 0), socket.AF_INET6: (128, 129)}
_ICMP = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
_SOL_RAW, _ICMP_FILTER = 255, 1


class Exchange(NamedTuple):
    """A datagram out, and how to know its answer: ``read`` returns None for what is none.

    ``port`` is the one for the kernel, 0 for raw sockets and echo requests.
    """

    target: Target
    port: int
    data: bytes
    read: Callable[[bytes], Finding | None]
    caused: Callable[[QueuedError], bool]


async def probe_udp(target: Target, seconds: float) -> Finding:
    """Send the request in one datagram. The socket is not connected, so that an answer from elsewhere is seen."""
    try:
        sock = socket.socket(target.family, socket.SOCK_DGRAM)
    except OSError as error:
        return own_fault(error)
    with sock:
        nonce, line = target.request()
        asked = Exchange(target, target.question.port, line, lambda data: _read_udp(nonce, data), lambda error: True)
        return await exchange(sock, asked, seconds)


async def finish_udp(sock: socket.socket, target: Target, nonce: str, number: int, seconds: float) -> Finding:
    """Do the rest of a probe whose request was sent with this ``nonce``; ``number`` is the errno of that, or 0."""
    if number:
        return judge_send(sock, number, target.address)
    asked = Exchange(target, target.question.port, b"", lambda data: _read_udp(nonce, data), lambda error: True)
    return await _answer(sock, asked, asyncio.get_running_loop().time() + seconds)


def _read_udp(nonce: str, data: bytes) -> Finding:
    server = lines.decode(data)
    if server is None:
        return Finding(CONNECTED, f"answered, but not by an agent: {data[:40]!r}")
    if server.pop("nonce", None) != nonce:
        return Finding(PROBE_ERROR, "an answer carries another nonce than the request", server)
    too_long = server.get("too_long")
    if too_long is not None:
        detail = f"the answer is too long for the way back: {too_long['detail']}"
        return Finding(UNREACHABLE, detail, path_mtu=too_long["path_mtu"])
    return Finding(CONNECTED, "", server)


async def probe_icmp(target: Target, seconds: float) -> Finding:
    """Send an echo request of ``size`` bytes of data, by a datagram socket or, failing that, by a raw one."""
    try:
        sock, raw = open_icmp(target.family)
    except OSError as error:
        return own_fault(error)
    with sock:
        nonce, line = target.request()
        mark = line if target.question.size else nonce.encode()
        request, reply = _ECHO[target.family]
        header = struct.pack("!BBHHH", request, 0, 0, struct.unpack("!H", bytes.fromhex(nonce[:4]))[0], 1)
        packet = _with_checksum(header + mark)

        def read(data: bytes) -> Finding | None:
            if raw and target.family == socket.AF_INET:
                data = data[(data[0] & 15) * 4 :]
            return Finding(CONNECTED) if data[:1] == bytes([reply]) and data[8:] == mark else None

        def caused(error: QueuedError) -> bool:
            return not raw or nonce.encode() in error.payload or not error.payload

        return await exchange(sock, Exchange(target, 0, packet, read, caused), seconds)


def open_icmp(family: int) -> tuple[socket.socket, bool]:
    """Open an ICMP socket and tell whether it is a raw one. Raises OSError when neither kind may be opened."""
    try:
        return socket.socket(family, socket.SOCK_DGRAM, _ICMP[socket.AddressFamily(family)]), False
    except OSError:
        sock = socket.socket(family, socket.SOCK_RAW, _ICMP[socket.AddressFamily(family)])
    # Echo replies only: a raw socket gets a copy of every ICMP message, and there may be thousands of sockets.
    # The filters are bit maps of the types to leave out, here all but 0 and all but 129.
    if family == socket.AF_INET:
        sock.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("=I", 0xFFFFFFFF & ~1))
    else:
        words = [0xFFFFFFFF] * 8
        words[129 // 32] &= ~(1 << 129 % 32)
        sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMP_FILTER, struct.pack("=8I", *words))
    return sock, True


async def exchange(sock: socket.socket, asked: Exchange, seconds: float) -> Finding:
    """Send a datagram and wait for its answer, or for the error that it meets."""
    deadline = asyncio.get_running_loop().time() + seconds
    sock.setblocking(False)
    want_errors(sock)
    fragment(sock, allowed=not asked.target.question.df)
    try:
        sock.sendto(asked.data, (asked.target.address, asked.port))
    except OSError as error:
        return judge_send(sock, error.errno or 0, asked.target.address)
    return await _answer(sock, asked, deadline)


async def _answer(sock: socket.socket, asked: Exchange, deadline: float) -> Finding:
    verdict = Finding(TIMEOUT, "no answer")
    while await ready(sock, deadline):
        finding = _take(sock, asked)
        if finding is None:
            continue
        if finding.outcome != PROBE_ERROR:
            return finding
        verdict = finding  # a stray answer: the right one may still come
    return verdict


def _take(sock: socket.socket, asked: Exchange) -> Finding | None:
    """Take one error or answer from the socket; None when it was not meant for this exchange."""
    error = queued_error(sock)
    if error is not None:
        return judge_queued(error) if asked.caused(error) else None
    try:
        data, peer = sock.recvfrom(65535)
    except BlockingIOError:
        return None
    except OSError as failure:
        # An errno whose message did not fit into the error queue. A raw socket cannot know whose packet caused it.
        return judge_errno(failure.errno or 0) if asked.port else None
    finding = asked.read(data)
    if finding is None:
        return None
    sender = host(peer)
    same = asked.target.same_address(sender)
    return finding._replace(replied_from=asked.target.address if same else sender)


def _with_checksum(packet: bytes) -> bytes:
    """Fill in the Internet checksum (RFC 1071); the kernel replaces it for ICMPv6."""
    padded = packet + b"\0" * (len(packet) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return packet[:2] + struct.pack("!H", ~total & 0xFFFF) + packet[4:]
