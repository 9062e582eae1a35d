"""A command in a container with its streams in our hands: what ``kubectl exec`` talks to."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import signal
import struct
import termios

from pytest_k8snet.embedded.api.runtime import ByteReader
from pytest_k8snet.embedded.container.client import Running, ZygoteClient
from pytest_k8snet.embedded.container.spec import Command
from pytest_k8snet.embedded.kubelet.tasks import Tasks


class _TerminalProtocol(asyncio.StreamReaderProtocol):
    """The output of a terminal, whose end is the error EIO: what came before is read all the same."""

    def connection_lost(self, exc: Exception | None) -> None:
        ended = isinstance(exc, OSError) and exc.errno == errno.EIO
        super().connection_lost(None if ended else exc)


class ContainerProcess:
    """Implements the API's ``Process``; made by ``start_process``."""

    def __init__(self, zygote: ZygoteClient, tasks: Tasks, running: Running) -> None:
        self.stdout: ByteReader | None = None
        self.stderr: ByteReader | None = None
        self._stdin: asyncio.StreamWriter | None = None
        self._terminal: int | None = None
        self._zygote = zygote
        self._tasks = tasks
        self._running = running

    async def write_stdin(self, data: bytes) -> None:
        """Hand ``data`` to the program; silent when it has closed its input."""
        if self._stdin is None or self._stdin.is_closing():
            return
        try:
            self._stdin.write(data)
            await self._stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            self._stdin.close()

    async def close_stdin(self) -> None:
        """End the program's input: end of file, or with a terminal the character that means it."""
        if self._terminal is not None:
            await self.write_stdin(b"\x04")
        elif self._stdin is not None:
            self._stdin.close()

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal its size."""
        if self._terminal is not None:
            fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def wait(self) -> int:
        """The exit code, 128 + N when signal N ended it."""
        code = await asyncio.shield(self._running.ended)
        if self._stdin is not None:
            self._stdin.close()
        return code

    def kill(self) -> None:
        """End it and its process group at once."""
        self._tasks.start(self._zygote.signal(self._running, signal.SIGKILL, group=True))

    async def open_pipes(self, stdin: int | None, stdout: int, stderr: int) -> None:
        """Take our ends of its pipes."""
        self.stdout = await _reader(stdout)
        self.stderr = await _reader(stderr)
        if stdin is not None:
            self._stdin = await _writer(stdin)

    async def open_terminal(self, controller: int) -> None:
        """Take our end of its terminal."""
        self._terminal = controller
        self.stdout = await _reader(controller, _TerminalProtocol)
        self._stdin = await _writer(os.dup(controller))


async def start_process(
    zygote: ZygoteClient, tasks: Tasks, container: Running, command: Command, *, stdin: bool
) -> ContainerProcess:
    """Start a command in a running container. Raises StartError when the container is gone."""
    if command.terminal:
        return await _start_on_terminal(zygote, tasks, container, command)
    input_read, input_write = os.pipe2(os.O_CLOEXEC)
    output_read, output_write = os.pipe2(os.O_CLOEXEC)
    error_read, error_write = os.pipe2(os.O_CLOEXEC)
    try:
        streams = (input_read, output_write, error_write)
        running = await zygote.start_inside(container, command, streams)
    except BaseException:
        _close(input_write, output_read, error_read)
        raise
    finally:
        _close(input_read, output_write, error_write)
    process = ContainerProcess(zygote, tasks, running)
    if not stdin:
        os.close(input_write)
    await process.open_pipes(input_write if stdin else None, output_read, error_read)
    return process


async def _start_on_terminal(
    zygote: ZygoteClient, tasks: Tasks, container: Running, command: Command
) -> ContainerProcess:
    controller, device = os.openpty()
    try:
        running = await zygote.start_inside(container, command, (device, device, device))
    except BaseException:
        os.close(controller)
        raise
    finally:
        os.close(device)
    process = ContainerProcess(zygote, tasks, running)
    await process.open_terminal(controller)
    return process


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


async def _reader(
    descriptor: int, protocol: type[asyncio.StreamReaderProtocol] = asyncio.StreamReaderProtocol
) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol(reader), pipe)
    return reader


async def _writer(descriptor: int) -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    pipe = os.fdopen(descriptor, "wb", buffering=0)
    transport, protocol = await loop.connect_write_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return asyncio.StreamWriter(transport, protocol, reader, loop)
