"""The agent asks a web server for its status."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pytest_k8snet.agent import http


def ask(answer: bytes) -> dict[str, Any]:
    """Ask a server that says ``answer`` to whatever comes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async def run() -> dict[str, Any]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await http.status({"address": "127.0.0.1", "port": port, "path": "/healthz", "timeout": 5})

    return asyncio.run(run())


def test_status_and_body_are_told() -> None:
    assert ask(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\nno") == {"status": 503, "body": "no"}


def test_what_speaks_something_else_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not speak HTTP"):
        ask(b"SSH-2.0-x\r\n")


def test_nobody_there_is_an_error_of_the_system() -> None:
    async def run() -> None:
        await http.status({"address": "127.0.0.1", "port": 1, "timeout": 5})

    with pytest.raises(ConnectionRefusedError):
        asyncio.run(run())
