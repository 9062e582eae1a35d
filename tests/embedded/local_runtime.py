"""A runtime for tests of the API: containers are programs of this machine, without any isolation."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Sequence

from pytest_k8snet.embedded.api.runtime import ByteReader
from pytest_k8snet.embedded.api.status import StoreError


class LocalProcess:
    """A subprocess in a session of its own, so that killing it kills what it started."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.stdout: ByteReader | None = process.stdout
        self.stderr: ByteReader | None = process.stderr

    async def write_stdin(self, data: bytes) -> None:
        if self._process.stdin and not self._process.stdin.is_closing():
            self._process.stdin.write(data)
            with contextlib.suppress(ConnectionError):
                await self._process.stdin.drain()

    async def close_stdin(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()

    def resize(self, columns: int, rows: int) -> None:
        pass

    async def wait(self) -> int:
        code = await self._process.wait()
        return code if code >= 0 else 128 - code

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


class LocalRuntime:
    """Every pod runs; its log is ``lines``; the one fault is called ``drop-udp``."""

    def __init__(self) -> None:
        self.lines = [b"one\n", b"two\n", b"three\n"]
        self.follow = asyncio.Event()
        self.active = False
        self.processes: list[asyncio.subprocess.Process] = []

    async def exec(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, stdin: bool = False, tty: bool = False
    ) -> LocalProcess:
        if container == "dead":
            raise StoreError(400, "BadRequest", f"container {container} in pod {pod} is not running")
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=pipe if stdin else null, stdout=pipe, stderr=pipe, start_new_session=True
        )
        self.processes.append(process)
        return LocalProcess(process)

    async def logs(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        follow: bool,
        tail: int | None,
        previous: bool,
        timestamps: bool,
    ) -> AsyncIterator[bytes]:
        if previous:
            message = f'previous terminated container "{container}" in pod "{pod}" not found'
            raise StoreError(400, "BadRequest", message)
        for line in self.lines if tail is None else self.lines[len(self.lines) - min(tail, len(self.lines)) :]:
            yield line
        if follow:
            await self.follow.wait()
            yield b"last\n"

    def list_faults(self) -> list[dict[str, object]]:
        return [{"name": "drop-udp", "title": "UDP between nodes is dropped", "active": self.active}]

    async def inject(self, name: str) -> None:
        self._set(name, True)

    async def restore(self, name: str) -> None:
        self._set(name, False)

    def _set(self, name: str, active: bool) -> None:
        if name != "drop-udp":
            raise StoreError(404, "NotFound", f'faults "{name}" not found')
        if self.active is active:
            raise StoreError(409, "Conflict", f"fault {name} is {'already' if active else 'not'} injected")
        self.active = active
