"""What the API needs from the cluster behind it: programs in containers, their logs, and faults."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol


class ByteReader(Protocol):
    """The readable side of a program, like ``asyncio.StreamReader``."""

    async def read(self, n: int = -1, /) -> bytes:
        """Up to ``n`` bytes as soon as there are any; empty at the end."""
        ...


class Process(Protocol):
    """A program that runs in a container. With a terminal everything comes by ``stdout``, and ``stderr`` is None."""

    stdout: ByteReader | None
    stderr: ByteReader | None

    async def write_stdin(self, data: bytes) -> None:
        """Hand ``data`` to the program, waiting while it does not read; silent when it has closed its input."""
        ...

    async def close_stdin(self) -> None:
        """End the program's input. Doing it twice is fine."""
        ...

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal its size; without a terminal nothing happens."""
        ...

    async def wait(self) -> int:
        """The exit code, 128 + N when signal N ended it."""
        ...

    def kill(self) -> None:
        """End it and what it started, at once. Fine for a program that has ended."""
        ...


class Runtime(Protocol):
    """The cluster behind the API. Refusals are ``StoreError`` with the words of a kubelet."""

    async def exec(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, stdin: bool = False, tty: bool = False
    ) -> Process:
        """Start ``argv`` in a container. Without ``stdin`` its input is empty.

        Raises StoreError: 400 when the container is not running, 404 when the node does not know the pod.
        A program that is not there is not an error of the request: it starts and ends with exit code 127 or 126.
        """
        ...

    def logs(
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
        """The output of a container in pieces of whole lines; with ``follow`` until the container ends.

        ``tail`` is the number of last lines to begin with, None for all. Raises StoreError 400 (on the first piece)
        when the container has not started, or when there is no previous one.
        """
        ...

    async def network_state(self) -> dict[str, list[str]]:
        """What the kernel knows of the network: lines by the name of a node, an outside host or a pod."""
        ...

    def list_faults(self) -> list[dict[str, object]]:
        """Every known fault: at least ``name``, ``title``, ``layer`` and ``active``."""
        ...

    async def inject(self, name: str) -> None:
        """Put a fault into the cluster. StoreError 404 for an unknown name, 409 when it is in already."""
        ...

    async def restore(self, name: str) -> None:
        """Take a fault out again. StoreError 404 for an unknown name, 409 when it is not in."""
        ...
