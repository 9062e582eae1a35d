"""A program in a container that is fed lines for as long as its exec stream lasts."""

from __future__ import annotations

import asyncio

from pytest_k8snet.errors import AgentLost, ApiError
from pytest_k8snet.kube.endpoint import ApiEndpoint
from pytest_k8snet.kube.stream import STDERR, Command, ExecStream


class Feed:
    """An open stream to the program's standard input. Lives in one loop."""

    def __init__(self, stream: ExecStream) -> None:
        self._stream = stream
        self._said = b""
        self._reader = asyncio.ensure_future(self._read())

    @classmethod
    async def open(cls, endpoint: ApiEndpoint, command: Command) -> Feed:
        """Start the program. Raises ApiError when the API does not let us, or does not answer."""
        return cls(await ExecStream.open(endpoint, command))

    @property
    def alive(self) -> bool:
        """Whether the program still takes lines, as far as is known."""
        return not self._reader.done()

    async def write(self, line: str) -> None:
        """Write a line. Raises ApiError when the stream is closed."""
        try:
            if self.alive:
                return await self._stream.write(f"{line}\n".encode())
            why = f"{self._stream.how_it_ended} {self._said.decode(errors='replace').strip()}".rstrip()
        except ConnectionError as error:
            why = str(error)
        raise ApiError(f"the stream into {self._stream.command.where} is closed: {why}")

    async def close(self) -> None:
        """End the stream, and so the program's input."""
        await self._stream.close()
        await self._reader

    async def _read(self) -> None:
        try:
            async for channel, data in self._stream:
                if channel == STDERR:
                    self._said += data[:1000]
        except AgentLost as error:
            self._said += error.message.encode()
