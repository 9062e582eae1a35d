"""The one asyncio loop of a process, in a thread of its own: all exec streams live there."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class IoLoop:
    """Runs coroutines for synchronous code. Whoever makes one closes it."""

    def __init__(self, name: str = "k8snet-io") -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T], seconds: float | None = None) -> T:
        """Return what a coroutine returns. It is cancelled when the caller is interrupted or ``seconds`` have passed.

        Raises:
            TimeoutError: it took longer.
            RuntimeError: called from within the loop, which would wait for itself, or after ``close``.

        """
        if threading.current_thread() is self._thread or self._loop.is_closed():
            coroutine.close()
            where = "closed" if self._loop.is_closed() else "waiting for itself"
            raise RuntimeError(f"the I/O loop cannot run a coroutine: it is {where}")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(seconds)
        except concurrent.futures.CancelledError:
            raise RuntimeError("the I/O loop was closed while a coroutine ran in it") from None
        finally:
            future.cancel()

    def close(self) -> None:
        """Cancel what still runs and end the thread. May be called twice."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(_cancel_the_others(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _cancel_the_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
