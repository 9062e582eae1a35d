"""The loop that runs coroutines for synchronous code."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from pytest_k8snet.kube.ioloop import IoLoop


@pytest.fixture
def loop() -> Iterator[IoLoop]:
    made = IoLoop("test-io")
    yield made
    made.close()


async def _name_of_thread() -> str:
    return threading.current_thread().name


def test_a_coroutine_runs_in_the_loops_thread(loop: IoLoop) -> None:
    assert loop.run(_name_of_thread()) == "test-io"


def test_an_error_reaches_the_caller(loop: IoLoop) -> None:
    async def fail() -> None:
        raise LookupError("here")

    with pytest.raises(LookupError, match="here"):
        loop.run(fail())


def test_a_coroutine_that_takes_too_long_is_cancelled(loop: IoLoop) -> None:
    cancelled = threading.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(TimeoutError):
        loop.run(hang(), 0.01)
    assert cancelled.wait(2)


def test_the_loop_does_not_wait_for_itself(loop: IoLoop) -> None:
    async def nested() -> None:
        loop.run(_name_of_thread())

    with pytest.raises(RuntimeError, match="waiting for itself"):
        loop.run(nested())


def test_close_cancels_what_runs_and_ends_the_thread() -> None:
    loop = IoLoop("test-io-close")
    outcome = []

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            outcome.append("cancelled")
            raise

    async def start() -> asyncio.Task[None]:
        return asyncio.create_task(hang())

    loop.run(start())
    loop.close()
    loop.close()
    assert outcome == ["cancelled"]
    assert "test-io-close" not in {thread.name for thread in threading.enumerate()}


def test_a_closed_loop_says_so() -> None:
    loop = IoLoop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.run(_name_of_thread())
