"""The HTTP side: health, readiness and metrics, each on its own port."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

Page = Callable[[], tuple[int, str]]
"""Gives status and text."""

HEAD_SECONDS = 5.0
_WORDS = {200: "OK", 404: "Not Found", 503: "Service Unavailable"}


class WebServer:
    """Serves pages by port and path. ``serve`` may be called again with others."""

    def __init__(self) -> None:
        self._servers: dict[int, asyncio.Server] = {}
        self._pages: Mapping[int, Mapping[str, Page]] = {}

    async def serve(self, pages: Mapping[int, Mapping[str, Page]]) -> None:
        """Serve these pages from now on. Raises OSError for a port that is taken."""
        self._pages = pages
        for port in self._servers.keys() - pages.keys():
            self._servers.pop(port).close()
        for port in pages.keys() - self._servers.keys():
            self._servers[port] = await asyncio.start_server(self._answer(port), None, port, reuse_address=True)

    def _answer(self, port: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], asyncio.Task[None]]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                async with asyncio.timeout(HEAD_SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].split(b"?")[0].decode(errors="replace")
                page = self._pages.get(port, {}).get(path)
                status, text = page() if page else (404, "404 page not found\n")
                body = text.encode()
                lines = (
                    f"HTTP/1.1 {status} {_WORDS[status]}",
                    "Content-Type: text/plain; charset=utf-8",
                    f"Content-Length: {len(body)}",
                    "Connection: close",
                )
                writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
                await writer.drain()
            except (EOFError, OSError, IndexError, asyncio.LimitOverrunError):
                return  # not HTTP, or the client is gone: nobody to tell
            finally:
                writer.close()

        return lambda reader, writer: asyncio.ensure_future(answer(reader, writer))


def metrics_text(counts: Counter[str]) -> str:
    """Counters in the text format of Prometheus. A key is a name, or a name with its labels."""
    lines = []
    last = ""
    for key in sorted(counts):
        name = key.partition("{")[0]
        if name != last:
            lines.append(f"# TYPE {name} counter")
        lines.append(f"{key} {counts[key]}")
        last = name
    return "\n".join((*lines, ""))
