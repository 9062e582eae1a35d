"""Asking a web server for nothing but its status."""

from __future__ import annotations

import asyncio
from typing import Any, Dict

_LONGEST = 1 << 16


async def status(request: Dict[str, Any]) -> Dict[str, Any]:
    """Get ``path`` from ``address`` and ``port`` and return the answer's status and body.

    Raises OSError when there is no connection, ValueError when what answers does not speak HTTP.
    """
    asked = _ask(request["address"], request["port"], request.get("path", "/"))
    head, _, body = (await asyncio.wait_for(asked, request["timeout"])).partition(b"\r\n\r\n")
    words = head.split(None, 2)
    if not head.startswith(b"HTTP/") or len(words) < 2 or not words[1].isdigit():
        raise ValueError(f"what answers does not speak HTTP: {head[:40]!r}")
    return {"status": int(words[1]), "body": body.decode(errors="replace")}


async def _ask(address: str, port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection(address, port)
    try:
        host = f"[{address}]" if ":" in address else address
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        return await _everything(reader)
    finally:
        writer.close()


async def _everything(reader: asyncio.StreamReader) -> bytes:
    data = b""
    while len(data) < _LONGEST and (part := await reader.read(_LONGEST)):
        data += part
    return data
