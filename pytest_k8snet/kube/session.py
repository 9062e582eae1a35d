"""One conversation with an agent: JSON lines to its standard input, JSON lines back, any number in flight."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from pytest_k8snet.errors import AgentLost

Answer = dict[str, Any]
# The long part of an answer stays as it came: whoever asked decodes it once, straight into what it is.
RESULTS = "results"

_CHUNK = 1 << 16
_KEPT_OF_STDERR = 4096
_QUIT_SECONDS = 2.0


class AgentEnded(AgentLost):
    """The agent's process ended by itself. ``exit_code`` is None when nobody told it."""

    def __init__(self, message: str, *, exit_code: int | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


class Session(Protocol):
    """A conversation with one agent process; when the stream ends, it is over."""

    @property
    def alive(self) -> bool:
        """Whether an answer can still come."""

    async def call(self, request: Mapping[str, object], seconds: float) -> Answer:
        """Send a request and return its answer. Raises AgentLost when none comes."""

    async def close(self) -> None:
        """End the agent and the stream."""


class Calls:
    """The requests of a session that wait for their answers. Answers come in pieces of any size and in any order."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._parts: list[bytes] = []
        self._over: AgentLost | None = None

    @property
    def over(self) -> AgentLost | None:
        """Why no more answers will come, None while they may."""
        return self._over

    def encode(self, request: Mapping[str, object]) -> tuple[int, bytes]:
        """Return a request's id and its line. An id is given to a request that has none; use one way or the other."""
        numbered = {"id": next(self._ids), **request}
        ident = numbered["id"]
        assert isinstance(ident, int)
        return ident, msgspec.json.encode(numbered) + b"\n"

    async def answer(self, ident: int, seconds: float) -> Answer:
        """Wait for the answer with an id."""
        if self._over is not None:
            raise self._over
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[ident] = future
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            raise AgentLost(f"the agent did not answer within {seconds:g} s") from None
        finally:
            self._waiting.pop(ident, None)

    def feed(self, data: bytes) -> None:
        """Take what the agent wrote. Raises AgentLost when it is no answer."""
        self._parts.append(data)
        if b"\n" not in data:
            return
        *lines, tail = b"".join(self._parts).split(b"\n")
        self._parts = [tail] if tail else []
        for line in lines:
            self._settle(line)

    def end(self, reason: AgentLost) -> None:
        """Tell everyone who waits that no answer will come."""
        self._over = self._over or reason
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(self._over)

    def _settle(self, line: bytes) -> None:
        try:
            fields = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
            answer: Answer = {
                name: raw if name == RESULTS else msgspec.json.decode(raw) for name, raw in fields.items()
            }
        except msgspec.MsgspecError as error:
            raise AgentLost(f"the agent wrote something that is no answer ({error}): {line[:200]!r}") from None
        future = self._waiting.get(answer.pop("id", 0))
        if future is not None and not future.done():
            future.set_result(answer)


class LocalSession:
    """An agent that runs on this machine as a child process: the source "outside the cluster"."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._calls = Calls()
        self._stderr = b""
        self._readers = asyncio.gather(self._read_answers(), self._read_stderr())

    @classmethod
    async def open(cls, argv: Sequence[str]) -> LocalSession:
        """Start the agent. Raises AgentLost when the program cannot be started."""
        pipe = asyncio.subprocess.PIPE
        try:
            return cls(await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, stderr=pipe))
        except OSError as error:
            raise AgentLost(f"the local agent {argv[0]} cannot be started: {error}") from error

    @property
    def alive(self) -> bool:
        """Whether an answer can still come."""
        return self._calls.over is None

    async def call(self, request: Mapping[str, object], seconds: float) -> Answer:
        """Send a request and return its answer. Raises AgentLost when none comes."""
        ident, line = self._calls.encode(request)
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        return await self._calls.answer(ident, seconds)

    async def close(self) -> None:
        """End the agent, by force if it takes too long."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(_QUIT_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
        await self._readers

    async def _read_answers(self) -> None:
        assert self._process.stdout is not None
        try:
            while data := await self._process.stdout.read(_CHUNK):
                self._calls.feed(data)
        except AgentLost as error:
            self._calls.end(error)
            self._process.kill()
        code = await self._process.wait()
        said = self._stderr.decode(errors="replace").strip()
        self._calls.end(AgentEnded(f"the local agent ended with status {code}: {said}", exit_code=code))

    async def _read_stderr(self) -> None:
        assert self._process.stderr is not None
        while data := await self._process.stderr.read(_CHUNK):
            self._stderr = (self._stderr + data)[-_KEPT_OF_STDERR:]
