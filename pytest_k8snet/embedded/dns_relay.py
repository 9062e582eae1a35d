"""A relay before a name server: it hears each question, asks the server in its place, and may answer otherwise."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import dns.exception
import dns.message

from pytest_k8snet.embedded.network.netns import NetNs
from pytest_k8snet.embedded.packet_rules import DESTINATION_NAT, load

RELAY_PORT = 5398
ANSWER_SECONDS = 5.0
LONGEST = 65535
_RULES = [f'iifname "eth0" {protocol} dport 53 redirect to :{RELAY_PORT}' for protocol in ("udp", "tcp")]

Ask: TypeAlias = Callable[[dns.message.Message], Awaitable[dns.message.Message]]
"""Asks the server itself, over the protocol that the question came by."""

Alter: TypeAlias = Callable[[dns.message.Message, Ask], Awaitable[dns.message.Message | None]]
"""From a question to what is answered; None is silence."""


class DnsRelay:
    """The relay of one replica, in its network namespace. ``name`` is that of the fault."""

    def __init__(self, netns: NetNs, name: str, alter: Alter) -> None:
        self._netns = netns
        self._name = name
        self._alter = alter
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen, then lead the questions here."""
        loop = asyncio.get_running_loop()
        datagrams, streams = await self._bound(socket.SOCK_DGRAM), await self._bound(socket.SOCK_STREAM)
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self._datagram), sock=datagrams)
        self._server = await asyncio.start_server(self._connection, sock=streams)
        await load(self._netns, self._name, {DESTINATION_NAT: _RULES})

    async def close(self, *, alive: bool) -> None:
        """Pass on nothing more; those questions that are under way are lost. ``alive``: the replica is still there."""
        if alive:
            await load(self._netns, self._name, {})
        for task in self._under_way:
            task.cancel()
        if self._transport is not None:
            self._transport.close()
        if self._server is not None:
            self._server.close()

    async def _bound(self, kind: socket.SocketKind) -> socket.socket:
        opened = await self._netns.socket(socket.AF_INET6, kind)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(("::", RELAY_PORT))
        return opened

    def _datagram(self, transport: asyncio.DatagramTransport, data: bytes, asker: tuple[Any, ...]) -> None:
        async def answer() -> None:
            if (wire := await self._answer(data, self._by_udp)) is not None and not transport.is_closing():
                transport.sendto(wire, asker)

        task = asyncio.ensure_future(answer())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                wire = await self._answer(await _prefixed(reader), self._by_tcp)
                if wire is None:
                    return
                writer.write(struct.pack("!H", len(wire)) + wire)
                await writer.drain()
        except (EOFError, OSError):
            return  # the client is done or gone
        finally:
            writer.close()

    async def _answer(self, data: bytes, exchange: Callable[[bytes], Awaitable[bytes]]) -> bytes | None:
        async def ask(question: dns.message.Message) -> dns.message.Message:
            return dns.message.from_wire(await exchange(question.to_wire(max_size=LONGEST)), ignore_trailing=True)

        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._alter(dns.message.from_wire(data), ask)
        except (OSError, EOFError, dns.exception.DNSException):
            return None  # the replica did not answer, or what came is no question
        # In the order in which they stand: dnspython would shuffle them, and hide that nobody else does.
        return None if answer is None else answer.to_wire(max_size=LONGEST, want_shuffle=False)

    async def _by_udp(self, data: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        with await self._netns.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
            opened.connect(("127.0.0.1", 53))
            await loop.sock_sendall(opened, data)
            return await loop.sock_recv(opened, LONGEST)

    async def _by_tcp(self, data: bytes) -> bytes:
        opened = await self._netns.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            await asyncio.get_running_loop().sock_connect(opened, ("127.0.0.1", 53))
        except OSError:
            opened.close()
            raise
        reader, writer = await asyncio.open_connection(sock=opened)
        try:
            writer.write(struct.pack("!H", len(data)) + data)
            return await _prefixed(reader)
        finally:
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, came: Callable[[Any, bytes, tuple[Any, ...]], None]) -> None:
        self._came = came
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self._came(self._transport, data, addr)


async def _prefixed(reader: asyncio.StreamReader) -> bytes:
    """Return a message behind the two bytes of its length."""
    (length,) = struct.unpack("!H", await reader.readexactly(2))
    return await reader.readexactly(length)
