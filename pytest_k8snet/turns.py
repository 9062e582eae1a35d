"""Whose turn the network is: many tests use it at once, or one that measures has it alone, also under pytest-xdist."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


class Turns:
    """Locks in the folder of a run. The kernel frees them when a process dies.

    Who wants the network alone waits in the door, so that others who come later do not go before.
    """

    def __init__(self, folder: Path) -> None:
        self._door = folder / "door.lock"
        self._network = folder / "network.lock"

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        """Use the network while others do, once nobody has it alone."""
        with ExitStack() as network:
            with _held(self._door, fcntl.LOCK_EX):
                network.enter_context(_held(self._network, fcntl.LOCK_SH))
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until everybody else has finished, and keep others out."""
        with _held(self._door, fcntl.LOCK_EX), _held(self._network, fcntl.LOCK_EX):
            yield


@contextmanager
def _held(file: Path, how: int) -> Iterator[None]:
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)
