"""How the exec'd role ends the main process of its pod: so a container restarts without any privilege."""

from __future__ import annotations

import asyncio
from typing import Callable


def _name(port: int) -> str:
    # An abstract name belongs to the network namespace, as the port does: no file, and no other pod can reach it.
    return "\0k8snet-agent-%d" % port


async def ended_on_request(port: int, end: Callable[[], object]) -> None:
    """Call ``end`` when another process of this pod asks the main process that serves ``port`` to end."""

    def asked(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        end()

    await asyncio.start_unix_server(asked, path=_name(port))


async def request_end(port: int) -> None:
    """Ask the main process that serves ``port`` to end. Raises ConnectionRefusedError when there is none."""
    reader, writer = await asyncio.open_unix_connection(_name(port))
    try:
        await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()
