"""Programs in pods through the API: the agent in a persistent session, and single commands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pytest_k8snet.errors import AgentLost, ApiError
from pytest_k8snet.kube.channel import AgentChannel, close_all
from pytest_k8snet.kube.endpoint import ApiEndpoint
from pytest_k8snet.kube.ioloop import IoLoop
from pytest_k8snet.kube.session import AgentEnded, Answer, Calls, LocalSession, Session
from pytest_k8snet.kube.stream import HEARTBEAT_SECONDS, STDERR, STDOUT, Command, ExecStream, run_once

__all__ = [
    "AgentChannel",
    "AgentEnded",
    "ApiEndpoint",
    "ExecSession",
    "Finished",
    "IoLoop",
    "LocalSession",
    "Session",
    "close_all",
    "exec_once",
]

_KEPT_OF_STDERR = 4096
_QUIT = b'{"op":"quit"}\n'
_QUIT_SECONDS = 2.0


class Finished(NamedTuple):
    """A command that ran to its end."""

    stdout: str
    stderr: str
    exit_code: int


async def exec_once(
    endpoint: ApiEndpoint, namespace: str, pod: str, container: str, argv: Sequence[str], seconds: float = 30.0
) -> Finished:
    """Run a command in a container.

    Raises:
        ApiError: the API refused, the command could not be started, or it took longer than ``seconds``.

    """
    command = Command(namespace, pod, container, tuple(argv))
    try:
        async with asyncio.timeout(seconds):
            stdout, stderr, end = await run_once(endpoint, command)
    except TimeoutError:
        raise ApiError(f"{' '.join(argv)} in {command.where} did not end within {seconds:g} s") from None
    if end.exit_code is None:
        raise ApiError(f"{' '.join(argv)} in {command.where} was not started: {end.message}")
    return Finished(stdout.decode(errors="replace"), stderr.decode(errors="replace"), end.exit_code)


class ExecSession:
    """An agent that was exec'd in a pod, over one stream for as long as that lasts."""

    def __init__(self, stream: ExecStream) -> None:
        self._stream = stream
        self._calls = Calls()
        self._stderr = b""
        self._reader = asyncio.ensure_future(self._read())

    @classmethod
    async def open(
        cls,
        endpoint: ApiEndpoint,
        namespace: str,
        pod: str,
        container: str,
        argv: Sequence[str],
        *,
        heartbeat: float = HEARTBEAT_SECONDS,
    ) -> ExecSession:
        """Start the agent in a container. Raises ApiError when the API does not let us, or does not answer."""
        command = Command(namespace, pod, container, tuple(argv), stdin=True)
        return cls(await ExecStream.open(endpoint, command, heartbeat=heartbeat))

    @property
    def alive(self) -> bool:
        """Whether an answer can still come."""
        return self._calls.over is None

    async def call(self, request: Mapping[str, object], seconds: float) -> Answer:
        """Send a request and return its answer. Raises AgentLost when none comes."""
        ident, line = self._calls.encode(request)
        await self._write(line)
        return await self._calls.answer(ident, seconds)

    async def close(self) -> None:
        """End the agent and the stream."""
        # The word, because closing standard input alone is not possible with v4.
        if self.alive:
            await self._write(_QUIT)
            await asyncio.wait([self._reader], timeout=_QUIT_SECONDS)
        await self._stream.close()
        await self._reader

    async def _write(self, line: bytes) -> None:
        try:
            await self._stream.write(line)
        except ConnectionError as error:
            self._calls.end(AgentLost(f"the exec stream into {self._stream.command.where} is closed: {error}"))

    async def _read(self) -> None:
        try:
            async for channel, data in self._stream:
                if channel == STDOUT:
                    self._calls.feed(data)
                elif channel == STDERR:
                    self._stderr = (self._stderr + data)[-_KEPT_OF_STDERR:]
        except AgentLost as error:
            self._calls.end(error)
        finally:
            self._calls.end(self._why_it_ended())

    def _why_it_ended(self) -> AgentLost:
        end, where = self._stream.end, self._stream.command.where
        said = self._stderr.decode(errors="replace").strip()
        message = f"the agent in {where} is gone: {self._stream.how_it_ended}{f'; it said: {said}' if said else ''}"
        if end is None:
            return AgentLost(message)
        return AgentEnded(message, exit_code=end.exit_code, hint="The image needs python3 3.8 or newer on its PATH.")
