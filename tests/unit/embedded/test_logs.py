"""What is kept of a container's output."""

from __future__ import annotations

import asyncio
import os

import pytest

from pytest_k8snet.embedded.kubelet.logs import KEPT_BYTES, ContainerLog


async def written(*texts: bytes) -> ContainerLog:
    """A log of a program that wrote each text at a time and has ended."""
    log = ContainerLog()
    program = os.dup(log.write_end)
    collecting = asyncio.create_task(log.collect())
    for text in texts:
        await asyncio.to_thread(os.write, program, text)
        await asyncio.sleep(0.01)
    os.close(program)
    await collecting
    return log


async def read(log: ContainerLog, tail: int | None = None, *, follow: bool = False, timestamps: bool = False) -> bytes:
    return b"".join([piece async for piece in log.read(follow=follow, tail=tail, timestamps=timestamps)])


@pytest.mark.parametrize(
    ("tail", "seen"),
    [
        (None, b"one\ntwo\nthree\nfour\n"),
        (0, b""),
        (1, b"four\n"),
        (3, b"two\nthree\nfour\n"),
        (9, b"one\ntwo\nthree\nfour\n"),
    ],
)
def test_the_last_lines_are_counted_over_all_that_was_written(tail: int | None, seen: bytes) -> None:
    async def run() -> bytes:
        return await read(await written(b"one\ntw", b"o\nthree\n", b"four"), tail)

    assert asyncio.run(run()) == seen


def test_a_carriage_return_is_part_of_its_line() -> None:
    async def run() -> bytes:
        return await read(await written(b"10 %\r20 %\r\ndone\n"), 2)

    assert asyncio.run(run()) == b"10 %\r20 %\r\ndone\n"


def test_every_line_has_its_time() -> None:
    async def run() -> bytes:
        return await read(await written(b"one\ntwo\n"), timestamps=True)

    lines = asyncio.run(run()).decode().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["one", "two"]
    assert all(line.split()[0].endswith("Z") for line in lines)


def test_of_a_flood_the_end_is_kept() -> None:
    async def run() -> bytes:
        return await read(await written(*[b"%06d\n" % number * 9000 for number in range(40)]))

    kept = asyncio.run(run())
    assert KEPT_BYTES // 2 < len(kept) <= KEPT_BYTES
    assert kept.endswith(b"000039\n")


def test_a_line_without_an_end_does_not_grow_for_ever() -> None:
    async def run() -> bytes:
        return await read(await written(*[b"x" * 60_000] * 4))

    assert len(asyncio.run(run())) == pytest.approx(240_000, abs=4)


def test_following_gives_what_comes_later() -> None:
    async def run() -> list[bytes]:
        log = ContainerLog()
        program = os.dup(log.write_end)
        collecting = asyncio.create_task(log.collect())
        os.write(program, b"one\n")
        seen = []
        async for piece in log.read(follow=True, tail=None, timestamps=False):
            seen.append(piece)
            if len(seen) == 1:
                os.write(program, b"two\n")
                os.close(program)
        await collecting
        return seen

    assert asyncio.run(run()) == [b"one\n", b"two\n"]
