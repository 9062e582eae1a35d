"""The cluster's side of the zygote: start processes, signal them, learn how they ended."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pytest_k8snet.embedded.container.spec import Command, ContainerRoot
from pytest_k8snet.embedded.container.zygote import MAX_MESSAGE


class StartError(RuntimeError):
    """A process could not be started; the message says why in the words of a container runtime."""


@dataclass(eq=False)
class Running:
    """A process of a container. ``ended`` gives its exit code, 128 + N when signal N ended it."""

    identifier: int
    pid: int
    ended: asyncio.Future[int]


class ZygoteClient:
    """Sends requests to the zygote over ``channel`` from one asyncio loop."""

    def __init__(self, channel: socket.socket) -> None:
        channel.setblocking(False)
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._identifiers = itertools.count(1)
        self._starting: dict[int, asyncio.Future[int]] = {}
        self._running: dict[int, asyncio.Future[int]] = {}
        self._sending = asyncio.Lock()
        self.lost: asyncio.Future[None] = self._loop.create_future()
        """Done when the zygote is gone, and with it every container."""
        self._loop.add_reader(channel, self._receive)

    async def start_container(
        self, command: Command, root: ContainerRoot, streams: Sequence[int], network: int
    ) -> Running:
        """Start the main process of a container. Raises StartError.

        ``streams`` are descriptors for stdin, stdout and stderr; they stay the caller's, as does ``network``, the
        network namespace.
        """
        read, write = os.pipe2(os.O_CLOEXEC)
        request = {"op": "run", "command": asdict(command), "root": asdict(root)}
        try:
            running = await self._start(request, [*streams, network, write])
        except BaseException:
            os.close(read)
            raise
        finally:
            os.close(write)
        why = await self._read_report(read)
        if why:
            raise StartError(why)
        return running

    async def start_inside(self, container: Running, command: Command, streams: Sequence[int]) -> Running:
        """Start a command in a running container. Raises StartError when the container is gone."""
        request = {"op": "run", "command": asdict(command), "container": container.identifier}
        return await self._start(request, streams)

    async def signal(self, running: Running, number: signal.Signals, *, group: bool = False) -> None:
        """Send a signal to a process, or to its whole group; nothing happens when it has ended."""
        if not running.ended.done():
            await self._send({"op": "kill", "id": running.identifier, "signal": int(number), "group": group}, ())

    def close(self) -> None:
        """Hang up, which ends the zygote; its processes end with the PID namespace of the cluster."""
        if self._channel.fileno() >= 0:
            self._loop.remove_reader(self._channel)
            self._channel.close()
            if not self.lost.done():
                self.lost.set_result(None)

    async def _start(self, request: dict[str, Any], descriptors: Sequence[int]) -> Running:
        identifier = next(self._identifiers)
        started = self._starting[identifier] = self._loop.create_future()
        ended = self._running[identifier] = self._loop.create_future()
        await self._send({**request, "id": identifier}, descriptors)
        return Running(identifier, await started, ended)

    async def _send(self, message: dict[str, Any], descriptors: Sequence[int]) -> None:
        data = json.dumps(message).encode()
        if len(data) > MAX_MESSAGE:
            raise StartError(f"the command and its environment take {len(data)} bytes, more than {MAX_MESSAGE}")
        async with self._sending:
            while True:
                try:
                    socket.send_fds(self._channel, [data], descriptors)
                except BlockingIOError:
                    await self._writable()
                else:
                    return

    async def _writable(self) -> None:
        writable = self._loop.create_future()
        self._loop.add_writer(self._channel, writable.set_result, None)
        try:
            await writable
        finally:
            self._loop.remove_writer(self._channel)

    async def _read_report(self, descriptor: int) -> str:
        """Read to the end what a starting child says; the program's start closes its end."""
        reader = asyncio.StreamReader()
        pipe = os.fdopen(descriptor, "rb", buffering=0)
        transport, _ = await self._loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            return (await reader.read()).decode(errors="replace").strip()
        finally:
            transport.close()

    def _receive(self) -> None:
        data = self._channel.recv(MAX_MESSAGE)
        if not data:
            self.close()
            return
        message = json.loads(data)
        identifier = message["id"]
        if "pid" in message:
            self._starting.pop(identifier).set_result(message["pid"])
        elif "failed" in message:
            self._running.pop(identifier)
            self._starting.pop(identifier).set_exception(StartError(message["failed"]))
        else:
            code = os.waitstatus_to_exitcode(message["ended"])
            self._running.pop(identifier).set_result(code if code >= 0 else 128 - code)
