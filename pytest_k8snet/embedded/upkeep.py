"""Work that is done anew whenever something has changed: any number of changes meanwhile make one more run."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable

from pytest_k8snet.embedded.network.netns import NetworkCommandError

log = logging.getLogger(__name__)

PAUSE_AFTER_FAILURE = 1.0
LONGEST_BREATH = 0.02
"""Seconds without work after work, at most as many as it took: in a burst of changes each run then does more."""


class Upkeep:
    """Does ``work`` when it is needed. One task must be in ``run`` for anything to happen.

    Work that the kernel refuses is logged, told to those who wait for it, and tried again a second later.
    """

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._needed = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []

    def need(self) -> None:
        """Say that something has changed."""
        self._needed.set()

    async def done(self) -> None:
        """Wait until the work was done once with all that has changed before this call. Raises what it raised."""
        finished = asyncio.get_running_loop().create_future()
        self._waiting.append(finished)
        self.need()
        await finished

    async def run(self) -> None:
        """Work for ever."""
        while True:
            await self._needed.wait()
            self._needed.clear()
            waiting, self._waiting = self._waiting, []
            began = time.monotonic()
            try:
                await self._work()
            except (NetworkCommandError, OSError) as error:
                log.exception("the kernel did not take what it was told; this is tried again")
                _finish(waiting, error)
                await asyncio.sleep(PAUSE_AFTER_FAILURE)
                self.need()
            else:
                _finish(waiting, None)
                await asyncio.sleep(min(time.monotonic() - began, LONGEST_BREATH))


async def together(work: Iterable[Awaitable[None]]) -> None:
    """Do all of it side by side and wait for all of it, then raise the first error if there was one."""
    for result in await asyncio.gather(*work, return_exceptions=True):
        if result is not None:
            raise result


def _finish(waiting: list[asyncio.Future[None]], error: Exception | None) -> None:
    for finished in waiting:
        if finished.done():
            continue
        if error is None:
            finished.set_result(None)
        else:
            finished.set_exception(error)
