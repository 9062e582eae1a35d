"""Waiting for a socket, with a deadline that a busy machine does not shorten."""

from __future__ import annotations

import asyncio
import socket


async def ready(sock: socket.socket, deadline: float, *, writing: bool = False) -> bool:
    """Wait until a socket can be read (or written) or holds an error. False when the deadline passes first.

    The deadline is in the loop's time. What the kernel received while this process did not get the processor is no
    silence: the loop looks at its sockets before it looks at its timers, so the first to settle the future is right.
    """
    loop = asyncio.get_running_loop()
    settled: asyncio.Future[bool] = loop.create_future()
    add, remove = (loop.add_writer, loop.remove_writer) if writing else (loop.add_reader, loop.remove_reader)
    add(sock.fileno(), _settle, settled, True)
    timer = loop.call_at(deadline, _settle, settled, False)
    try:
        return await settled
    finally:
        timer.cancel()
        remove(sock.fileno())


def _settle(future: asyncio.Future[bool], value: bool) -> None:
    if not future.done():
        future.set_result(value)
