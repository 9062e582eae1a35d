"""SCTP through raw sockets, for nodes whose kernel has none: needs CAP_NET_RAW.

The identity travels in the state cookie of the INIT ACK, the request in a padding parameter of the INIT.
"""

from __future__ import annotations

import asyncio
import ctypes
import secrets
import socket
import struct
from typing import Dict, List

from . import datagrams, lines, sctp
from .evidence import CONNECTED, PROBE_ERROR, REFUSED, Finding, QueuedError, own_fault
from .identity import Identity
from .messages import Exchange, exchange
from .servers import Close
from .target import Target

_SO_ATTACH_FILTER = 26
_HALF_WORD, _BYTE = 0x08, 0x10
_PORT_OFFSET, _CHUNK_OFFSET = 2, 12
_LONGEST_TEXT = 65000
_PER_WAKEUP = 64
_ABORTER = "k8snet-sctp-abort"


async def probe_raw_sctp(target: Target, seconds: float) -> Finding:
    """Send an INIT and wait for what it meets: INIT ACK, ABORT, an ICMP error or silence."""
    if target.question.size > _LONGEST_TEXT:
        return Finding(PROBE_ERROR, f"an INIT carries at most {_LONGEST_TEXT} bytes, not {target.question.size}")
    try:
        sock = _open(target.family)
    except OSError as error:
        return own_fault(error)
    with sock:
        nonce, line = target.request()
        own = sctp.Packet(
            source_port=32768 + secrets.randbelow(28232),
            port=target.question.port,
            tag=0,
            chunk=sctp.INIT,
            initiate_tag=1 + secrets.randbelow(0xFFFFFFFF),
            text=line,
        )
        _only_to_port(sock, own.source_port)

        def read(data: bytes) -> Finding | None:
            packet = sctp.decode(_payload(sock, data))
            return _judge(own, nonce, packet) if packet is not None else None

        def caused(error: QueuedError) -> bool:
            return error.payload[:4] in (b"", struct.pack("!HH", own.source_port, own.port))

        return await exchange(sock, Exchange(target, 0, sctp.encode(own), read, caused), seconds)


def _judge(own: sctp.Packet, nonce: str, packet: sctp.Packet) -> Finding | None:
    if (packet.source_port, packet.port) != (own.port, own.source_port):
        return None
    if packet.chunk == sctp.ABORT:
        return Finding(REFUSED, "SCTP ABORT")
    if packet.chunk != sctp.INIT_ACK or packet.tag != own.initiate_tag:
        return None
    server = lines.decode(packet.text)
    if server is None:
        return Finding(CONNECTED, "INIT ACK, but not by an agent's raw socket", handshake=True)
    if server.pop("nonce", None) != nonce:
        return Finding(PROBE_ERROR, "the INIT ACK carries another nonce than the INIT", server)
    return Finding(CONNECTED, "INIT ACK", server, handshake=True)


class RawSctpServer:
    """Answers INITs: with INIT ACK on the ports that it serves, with ABORT where nobody in this namespace does.

    Ports are claimed by abstract Unix sockets, which are known to all processes of a network namespace and gone with
    their process: several agents in one pod, or on one host, neither take each other's ports nor abort them.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._claims: Dict[int, socket.socket] = {}
        self._aborter: socket.socket | None = None
        self._sockets: List[socket.socket] = []

    def serve(self, port: int) -> List[Close]:
        """Answer on a port in both families. Raises OSError when it is taken, or raw sockets are not allowed."""
        if not self._sockets:
            self._listen()
        self._claims[port] = _claim(f"k8snet-sctp-{port}")
        return [lambda: self._claims.pop(port).close()]

    def _listen(self) -> None:
        sockets = [_open(socket.AF_INET)]
        if socket.has_ipv6:
            sockets.append(_open(socket.AF_INET6))
        self._sockets = sockets
        for sock in sockets:
            _only_inits(sock)
            datagrams.want_local_address(sock)
            asyncio.get_running_loop().add_reader(sock.fileno(), self._wake_up, sock)

    def _wake_up(self, sock: socket.socket) -> None:
        for _ in range(_PER_WAKEUP):
            try:
                datagram = datagrams.receive(sock)
            except BlockingIOError:
                return
            packet = sctp.decode(_payload(sock, datagram.data))
            if packet is not None and packet.chunk == sctp.INIT:
                self._answer(sock, datagram, packet)

    def _answer(self, sock: socket.socket, datagram: datagrams.Datagram, packet: sctp.Packet) -> None:
        if packet.port in self._claims:
            self._acknowledge(sock, datagram, packet)
        elif self._is_aborter() and _is_free(packet.port):
            answer = sctp.Packet(packet.port, packet.source_port, packet.initiate_tag, sctp.ABORT)
            _send(sock, answer, datagram)

    def _acknowledge(self, sock: socket.socket, datagram: datagrams.Datagram, packet: sctp.Packet) -> None:
        request = lines.decode(packet.text) or {}
        text = self._identity.answer(request, datagrams.host(datagram.peer), packet.source_port)
        datagrams.fragment(sock, allowed=not request.get("df"))
        tag = 1 + secrets.randbelow(0xFFFFFFFF)
        _send(
            sock, sctp.Packet(packet.port, packet.source_port, packet.initiate_tag, sctp.INIT_ACK, tag, text), datagram
        )

    def _is_aborter(self) -> bool:
        """Whether it is this process, of all agents in the namespace, that speaks for the ports of nobody."""
        if self._aborter is None:
            try:
                self._aborter = _claim(_ABORTER)
            except OSError:
                return False
        return True


def _open(family: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_RAW, sctp.PROTOCOL)
    sock.setblocking(False)
    return sock


def _claim(name: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        sock.bind(f"\0{name}")
    except OSError:
        sock.close()
        raise
    return sock


def _is_free(port: int) -> bool:
    try:
        _claim(f"k8snet-sctp-{port}").close()
    except OSError:
        return False
    return True


def _send(sock: socket.socket, packet: sctp.Packet, request: datagrams.Datagram) -> None:
    try:
        datagrams.answer(sock, sctp.encode(packet), request)
    except OSError:
        return  # no way back to the client: it sees what that is, silence


def _payload(sock: socket.socket, data: bytes) -> bytes:
    """Return what follows the IP header, which raw IPv4 sockets deliver and raw IPv6 sockets do not."""
    return data[(data[0] & 15) * 4 :] if sock.family == socket.AF_INET else data


def _only_to_port(sock: socket.socket, port: int) -> None:
    """Let the kernel drop what goes to other ports: every raw socket gets a copy of every SCTP packet."""
    _only(sock, _HALF_WORD, _PORT_OFFSET, port)


def _only_inits(sock: socket.socket) -> None:
    """Let the kernel drop all but INITs, so that a server is not woken by the answers to its pod's own probes."""
    _only(sock, _BYTE, _CHUNK_OFFSET, sctp.INIT)


def _only(sock: socket.socket, size: int, offset: int, value: int) -> None:
    """Attach a classic BPF program that compares a field of the SCTP packet.

    A packet begins at the IP header for IPv4, whose length is loaded first, and at the SCTP header for IPv6.
    """
    load = (
        [(0xB1, 0, 0, 0), (0x40 | size, 0, 0, offset)]
        if sock.family == socket.AF_INET
        else [(0x20 | size, 0, 0, offset)]
    )
    program = [*load, (0x15, 0, 1, value), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0)]
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    memory = ctypes.create_string_buffer(code)
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(memory)))
