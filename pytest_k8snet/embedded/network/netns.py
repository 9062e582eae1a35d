"""Network namespaces, held by a descriptor: no name, no mount, gone with the last process or socket that uses them."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pytest_k8snet.embedded.linux import CLONE_NEWNET, setns, unshare

T = TypeVar("T")

TOOL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where ``ip``, ``nft`` and daemons are looked for: an ordinary user's PATH often lacks the sbin folders."""


class NetworkCommandError(RuntimeError):
    """A tool such as ``ip`` or ``nft`` refused what it was given; the message has the namespace, the input and its
    answer.
    """


class NamespaceThreads:
    """Threads that enter a network namespace for each piece of work: entering is a matter of one thread alone."""

    def __init__(self, threads: int = 4) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="netns")

    async def create(self, name: str) -> NetNs:
        """Make a new namespace with a loopback that is still down. ``name`` is for messages only."""
        descriptor = await asyncio.get_running_loop().run_in_executor(self._pool, _new_namespace)
        return NetNs(name, descriptor, self)

    def current(self, name: str) -> NetNs:
        """Return the namespace that this process is in."""
        return NetNs(name, _open_own(), self)

    async def run_in(self, descriptor: int, work: Callable[[], T]) -> T:
        """Run ``work`` in a thread inside the namespace; children and sockets that it makes stay inside."""

        def inside() -> T:
            setns(descriptor, CLONE_NEWNET)
            return work()

        return await asyncio.get_running_loop().run_in_executor(self._pool, inside)

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)


@dataclass(eq=False)
class NetNs:
    """One network namespace. ``path`` is how a child process of this one can name it to ``ip``."""

    name: str
    descriptor: int
    threads: NamespaceThreads

    @property
    def path(self) -> str:
        """A path to the namespace, valid as long as it is not closed."""
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` in a thread inside the namespace. Raises OSError when it is closed."""
        # Of its own: once closed, the number may be that of another namespace before a thread comes to it.
        descriptor = os.dup(self.descriptor)
        try:
            return await self.threads.run_in(descriptor, work)
        finally:
            os.close(descriptor)

    async def ip(self, *commands: str) -> None:
        """Run ``ip`` commands (without the word ``ip``) in order; the first that fails ends it."""
        if commands:
            await self._command(("ip", "-batch", "-"), "\n".join(commands) + "\n")

    async def show(self, tool: str, *arguments: str) -> list[dict[str, Any]]:
        """Return what ``ip``, ``bridge`` or ``tc`` shows, for example ``show("ip", "route")``."""
        shown: list[dict[str, Any]] = json.loads(await self._command((tool, "-j", *arguments), "") or "[]")
        return shown

    async def bridge(self, *commands: str) -> None:
        """Run ``bridge`` commands (without the word ``bridge``) in order; the first that fails ends it."""
        if commands:
            await self._command(("bridge", "-batch", "-"), "\n".join(commands) + "\n")

    async def tc(self, *commands: str) -> None:
        """Run ``tc`` commands (without the word ``tc``) in order; the first that fails ends it."""
        if commands:
            await self._command(("tc", "-batch", "-"), "\n".join(commands) + "\n")

    async def nft(self, ruleset: str) -> None:
        """Load nftables text in one transaction."""
        await self._command(("nft", "-f", "-"), ruleset)

    async def sysctl(self, values: dict[str, str]) -> None:
        """Set ``net.*`` parameters, named with dots. Raises OSError as the kernel does."""

        def write() -> None:
            for name, value in values.items():
                Path("/proc/sys", *name.split(".")).write_text(value)

        await self.run(write)

    async def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """Open a non-blocking socket that lives in this namespace."""

        def make() -> socket.socket:
            opened = socket.socket(family, kind, protocol)
            opened.setblocking(False)
            return opened

        return await self.run(make)

    def close(self) -> None:
        """Let go of the namespace; the kernel removes it when nothing else uses it. Doing it twice is fine."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    async def _command(self, argv: Sequence[str], text: str) -> str:
        def call() -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                argv, input=text, capture_output=True, text=True, env={"PATH": TOOL_PATH}, check=False
            )

        done = await self.run(call)
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise NetworkCommandError(f"{argv[0]} in {self.name} failed: {said}\n{text}")
        return done.stdout


def _new_namespace() -> int:
    unshare(CLONE_NEWNET)
    return _open_own()


def _open_own() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
