"""The output of a container: the last part of it in memory, for ``kubectl logs`` with and without follow."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections import deque
from collections.abc import AsyncIterator

KEPT_BYTES = 1 << 20
"""What is remembered of one run of a container; a program that floods its output loses the beginning."""

PIECE = 1 << 16


class ContainerLog:
    """Collects what is written to the descriptor ``write_end`` as lines with their times."""

    def __init__(self) -> None:
        self._lines: deque[tuple[str, bytes]] = deque()
        self._bytes = 0
        self._dropped = 0  # lines that are no longer in _lines
        self._partial = b""
        self._changed = asyncio.Event()
        self._ended = False
        self._read_end, self.write_end = os.pipe2(os.O_CLOEXEC)

    async def collect(self) -> None:
        """Read until every writer has closed its end. ``write_end`` is closed here, once the program has its own."""
        os.close(self.write_end)
        reader = asyncio.StreamReader()
        pipe = os.fdopen(self._read_end, "rb", buffering=0)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            while data := await reader.read(PIECE):
                self._add(data)
        finally:
            transport.close()
            self._finish()

    def add_line(self, text: str) -> None:
        """Add a line of the kubelet's own, for example why the program could not be started."""
        self._add(text.encode() + b"\n")

    async def read(self, *, follow: bool, tail: int | None, timestamps: bool) -> AsyncIterator[bytes]:
        """The lines from the last ``tail`` (None: all) on, in pieces; with ``follow`` until the output ends."""
        position = self._dropped + (0 if tail is None else max(0, len(self._lines) - tail))
        while True:
            position = max(position, self._dropped)
            new = [self._lines[index] for index in range(position - self._dropped, len(self._lines))]
            position += len(new)
            if new:
                yield b"".join(time.encode() + b" " + line if timestamps else line for time, line in new)
            elif self._ended or not follow:
                return
            else:
                self._changed.clear()
                await self._changed.wait()

    def _add(self, data: bytes) -> None:
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > PIECE:
            lines, self._partial = [*lines, self._partial], b""
        for line in lines:
            self._lines.append((now, line + b"\n"))
            self._bytes += len(line) + 1
        while self._bytes > KEPT_BYTES and self._lines:
            self._bytes -= len(self._lines.popleft()[1])
            self._dropped += 1
        self._changed.set()

    def _finish(self) -> None:
        if self._partial:
            self._add(b"\n")
        self._ended = True
        self._changed.set()
