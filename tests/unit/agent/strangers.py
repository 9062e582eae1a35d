"""Servers that are no agents, or bad ones; run on the server host by the tests."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

RESETS, CLOSES, SILENT, BANNER, HALF, OTHER_NONCE = range(7001, 7007)
FROM_ELSEWHERE, UDP_OTHER_NONCE, UDP_JUNK, UDP_SILENT, UDP_LATE_TRUTH = range(7011, 7016)


async def _tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    port = writer.get_extra_info("sockname")[1]
    if port == BANNER:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    line = await reader.readline()
    if port == RESETS:
        # A zero linger time turns the close into an RST.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if port == HALF:
        writer.write(b'{"pod": "ha')
    if port == OTHER_NONCE:
        writer.write(json.dumps({**json.loads(line), "nonce": "0" * 16, "pod": "stranger"}).encode() + b"\n")
    if port in (SILENT, BANNER):
        await reader.read()
    writer.close()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, port: int, elsewhere: socket.socket) -> None:
        self._port = port
        self._elsewhere = elsewhere
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        nonce = json.loads(data)["nonce"]
        if self._port == FROM_ELSEWHERE:
            self._elsewhere.sendto(_answer(nonce), address)
        if self._port in (UDP_OTHER_NONCE, UDP_LATE_TRUTH):
            self._transport.sendto(_answer("0" * 16), address)
        if self._port == UDP_LATE_TRUTH:
            self._transport.sendto(_answer(nonce), address)
        if self._port == UDP_JUNK:
            self._transport.sendto(b"\x00\x01junk", address)


def _answer(nonce: str) -> bytes:
    me = {"pod": "stranger", "node": "", "instance": "", "addresses": [], "source": "", "source_port": 0}
    return json.dumps({"nonce": nonce, **me}).encode()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind(("10.0.2.3", FROM_ELSEWHERE))
        for port in range(RESETS, OTHER_NONCE + 1):
            await asyncio.start_server(_tcp, "10.0.2.2", port)
        for port in range(FROM_ELSEWHERE, UDP_LATE_TRUTH + 1):
            protocol = _Udp(port, elsewhere)
            await loop.create_datagram_endpoint(lambda protocol=protocol: protocol, ("10.0.2.2", port))  # type: ignore[misc]
        print("ready", flush=True)  # noqa: T201
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
