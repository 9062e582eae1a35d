"""The output of a container: the last part of it in memory, for ``kubectl logs`` with and without follow."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections import deque
from collections.abc import AsyncIterator
from typing import NamedTuple

KEPT_BYTES = 1 << 20
"""What is remembered of one run of a container; a program that floods its output loses the beginning."""

PIECE = 1 << 16
PAUSE = 0.01
"""After each full piece: a program that writes without end must wait, not everyone else."""


class Piece(NamedTuple):
    """Whole lines that arrived together. ``start`` is their place in all that was ever written."""

    start: int
    time: str
    data: bytes

    @property
    def end(self) -> int:
        """The place behind them."""
        return self.start + len(self.data)


class ContainerLog:
    """Collects what is written to the descriptor ``write_end``, with its times."""

    def __init__(self) -> None:
        self._pieces: deque[Piece] = deque()
        self._end = 0
        self._partial = b""
        self._changed = asyncio.Event()
        self._ended = False
        self._read_end, self.write_end = os.pipe2(os.O_CLOEXEC)

    async def collect(self) -> None:
        """Read until every writer has closed its end. ``write_end`` is closed here, once the program has its own."""
        os.close(self.write_end)
        reader = asyncio.StreamReader(limit=PIECE)
        pipe = os.fdopen(self._read_end, "rb", buffering=0)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            while data := await reader.read(PIECE):
                self._add(data)
                if len(data) == PIECE:
                    await asyncio.sleep(PAUSE)
        finally:
            transport.close()
            self._finish()

    async def read(self, *, follow: bool, tail: int | None, timestamps: bool) -> AsyncIterator[bytes]:
        """The lines from the last ``tail`` (None: all) on, in pieces; with ``follow`` until the output ends."""
        position = 0 if tail is None else self._start_of_last(tail)
        while True:
            new = [(piece.time, piece.data[max(0, position - piece.start) :]) for piece in self._pieces]
            position = self._end
            if text := b"".join(_stamped(time, data) if timestamps else data for time, data in new):
                yield text
            elif self._ended or not follow:
                return
            else:
                self._changed.clear()
                await self._changed.wait()

    def _start_of_last(self, lines: int) -> int:
        place = self._end
        for piece in reversed(self._pieces):
            here = _lines(piece.data)
            if len(here) >= lines:
                return piece.end - sum(map(len, here[len(here) - lines :]))
            lines -= len(here)
            place = piece.start
        return place

    def _add(self, data: bytes) -> None:
        whole, newline, self._partial = (self._partial + data).rpartition(b"\n")
        if len(self._partial) > PIECE:
            whole, newline, self._partial = whole + newline + self._partial, b"\n", b""
        if newline:
            now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
            self._pieces.append(Piece(self._end, now, whole + newline))
            self._end = self._pieces[-1].end
        while self._pieces and self._end - self._pieces[0].start > KEPT_BYTES:
            self._pieces.popleft()
        self._changed.set()

    def _finish(self) -> None:
        if self._partial:
            self._add(b"\n")
        self._ended = True
        self._changed.set()


def _stamped(time: str, data: bytes) -> bytes:
    return b"".join(time.encode() + b" " + line for line in _lines(data))


def _lines(data: bytes) -> list[bytes]:
    """Split at line feeds only: a carriage return is part of its line."""
    return [line + b"\n" for line in data[:-1].split(b"\n")] if data else []
