"""Sockets: DNS over UDP and TCP on the wildcard addresses of both families."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any, cast

import dns.exception
import dns.message

IDLE_SECONDS = 10.0
"""A TCP connection that asks nothing for so long is closed."""

Handler = Callable[[bytes, "Asker"], Awaitable[bytes | None]]
"""From the bytes of a query to those of the answer; None for what deserves no answer."""


class Asker:
    """Who asked, and how: ``address`` and ``port`` of the client, ``served`` the port that it came to."""

    def __init__(self, peer: tuple[Any, ...], served: int, *, tcp: bool) -> None:
        self.address, self.port = str(peer[0]), int(peer[1])
        self.served = served
        self.tcp = tcp


class DnsSockets:
    """Everything that listens on one port. Made by ``open_port``."""

    def __init__(self, handler: Handler, port: int) -> None:
        self._handler = handler
        self._port = port
        self._transports: list[asyncio.DatagramTransport] = []
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            try:
                await self._open_family(family, address)
            except OSError as error:
                if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                    self.close()
                    raise

    def close(self) -> None:
        """Listen no more; answers that are being made are not sent."""
        for transport in self._transports:
            transport.close()
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()

    def spawn(self, work: Awaitable[None]) -> None:
        """Answer one query beside the others."""

        async def run() -> None:
            await work

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open_family(self, family: socket.AddressFamily, address: str) -> None:
        loop = asyncio.get_running_loop()
        opened = socket.socket(family, socket.SOCK_DGRAM)
        opened.setblocking(False)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            opened.bind((address, self._port))
        except OSError:
            opened.close()
            raise
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=opened)
        self._transports.append(transport)
        server = await asyncio.start_server(self._connection, address, self._port, family=family, reuse_address=True)
        self._servers.append(server)

    async def datagram(self, transport: asyncio.DatagramTransport, data: bytes, peer: tuple[Any, ...]) -> None:
        """Answer one datagram."""
        answer = await self._handler(data, Asker(peer, self._port, tcp=False))
        if answer is not None and not transport.is_closing():
            transport.sendto(answer, peer)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asker = Asker(writer.get_extra_info("peername"), self._port, tcp=True)
        try:
            while True:
                async with asyncio.timeout(IDLE_SECONDS):
                    (length,) = struct.unpack("!H", await reader.readexactly(2))
                    query = await reader.readexactly(length)
                answer = await self._handler(query, asker)
                if answer is None:
                    return
                writer.write(struct.pack("!H", len(answer)) + answer)
                await writer.drain()
        except (EOFError, OSError, asyncio.CancelledError):
            return  # the client is done, idle or gone, or we are: a connection has nobody to tell
        finally:
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, sockets: DnsSockets) -> None:
        self._sockets = sockets
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # that of selectors is none by its class

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        assert self._transport is not None
        self._sockets.spawn(self._sockets.datagram(self._transport, data, addr))


def parse_query(data: bytes) -> dns.message.Message | bytes | None:
    """The query in ``data``; the answer FORMERR to what is none, and None for what is not even a header or a query."""
    try:
        query = dns.message.from_wire(data, ignore_trailing=True)
    except dns.exception.DNSException:
        if len(data) < 12 or data[2] & 0x80:
            return None
        return data[:2] + bytes((0x80 | (data[2] & 0x79), 0x01)) + bytes(8)
    return None if query.flags & 0x8000 else query
