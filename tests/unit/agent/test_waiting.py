"""Deadlines that a busy machine does not shorten, and the bound on what runs at once."""

from __future__ import annotations

import asyncio
import socket
import time

from pytest_k8snet.agent.limits import concurrent_probes
from pytest_k8snet.agent.waiting import ready


def _wait(*, send: bytes, busy: float, seconds: float) -> bool:
    """Wait for a byte while the process is ``busy`` with something else for longer than the deadline."""

    async def wait() -> bool:
        here, there = socket.socketpair()
        with here, there:
            loop = asyncio.get_running_loop()
            waiting = asyncio.ensure_future(ready(here, loop.time() + seconds))
            await asyncio.sleep(0)
            there.send(send)
            time.sleep(busy)
            return await waiting

    return asyncio.run(wait())


def test_what_arrived_in_time_is_seen_by_a_process_that_was_busy() -> None:
    assert _wait(send=b"x", busy=0.05, seconds=0.01) is True


def test_what_does_not_arrive_is_silence() -> None:
    assert _wait(send=b"", busy=0, seconds=0.01) is False


def test_a_socket_can_be_waited_for_again() -> None:
    async def wait() -> list[bool]:
        here, there = socket.socketpair()
        with here, there:
            loop = asyncio.get_running_loop()
            seen = [await ready(here, loop.time() + 0.01)]
            there.send(b"x")
            seen.append(await ready(here, loop.time() + 5))
            seen.append(await ready(here, loop.time() + 5, writing=True))
            return seen

    assert asyncio.run(wait()) == [False, True, True]


def test_some_descriptors_are_kept_for_other_things() -> None:
    assert concurrent_probes(1024) == 960
    assert concurrent_probes(32) == 1
