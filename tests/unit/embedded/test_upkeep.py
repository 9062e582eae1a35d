"""Work that follows changes."""

from __future__ import annotations

import asyncio
import logging

import pytest

from pytest_k8snet.embedded import upkeep as module
from pytest_k8snet.embedded.upkeep import Upkeep, together


class Work:
    """Counts its runs; each takes until ``go`` is set. ``fails`` is raised by the next run."""

    def __init__(self) -> None:
        self.runs = 0
        self.go = asyncio.Event()
        self.fails: Exception | None = None

    async def __call__(self) -> None:
        self.runs += 1
        await self.go.wait()
        failure, self.fails = self.fails, None
        if failure:
            raise failure


def test_changes_in_the_middle_of_a_run_make_one_more() -> None:
    async def course() -> int:
        work = Work()
        upkeep = Upkeep(work)
        task = asyncio.create_task(upkeep.run())
        upkeep.need()
        await asyncio.sleep(0)
        for _ in range(5):
            upkeep.need()
        waiting = [asyncio.create_task(upkeep.done()) for _ in range(3)]
        await asyncio.sleep(0)
        work.go.set()
        await asyncio.gather(*waiting)
        task.cancel()
        return work.runs

    assert asyncio.run(course()) == 2


def test_waiting_ends_only_with_a_run_that_began_afterwards() -> None:
    async def course() -> list[bool]:
        work = Work()
        upkeep = Upkeep(work)
        task = asyncio.create_task(upkeep.run())
        upkeep.need()
        await asyncio.sleep(0)
        waiting = asyncio.create_task(upkeep.done())
        await asyncio.sleep(0)
        work.go.set()
        await asyncio.sleep(0)
        early = waiting.done()
        await waiting
        task.cancel()
        return [early, work.runs == 2]

    assert asyncio.run(course()) == [False, True]


def test_a_failure_is_told_to_those_who_wait_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "PAUSE_AFTER_FAILURE", 0.01)

    async def course() -> int:
        work = Work()
        work.go.set()
        work.fails = OSError("no memory")
        upkeep = Upkeep(work)
        task = asyncio.create_task(upkeep.run())
        with pytest.raises(OSError, match="no memory"):
            await upkeep.done()
        while work.runs < 2:
            await asyncio.sleep(0.005)
        task.cancel()
        return work.runs

    with caplog.at_level(logging.ERROR):
        assert asyncio.run(course()) == 2
    assert "no memory" in caplog.text


def test_all_work_is_waited_for_before_an_error_is_raised() -> None:
    done = []

    async def fail() -> None:
        raise OSError("first")

    async def finish() -> None:
        await asyncio.sleep(0.01)
        done.append("second")

    with pytest.raises(OSError, match="first"):
        asyncio.run(together([fail(), finish()]))
    assert done == ["second"]
