"""How the exec'd role speaks with the main process of its pod: asks it, or ends it, which restarts the container."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Callable, Dict

Fields = Dict[str, Any]

_ANSWER_SECONDS = 5


def _name(port: int) -> str:
    # An abstract name belongs to the network namespace, as the port does: no file, and no other pod can reach it.
    return "\0k8snet-agent-%d" % port


async def answer_inside(port: int, end: Callable[[], object], journal: Callable[[], Fields]) -> None:
    """Let the other processes of this pod have the journal of the main process that serves ``port``, or end it."""

    async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ending = await reader.readline() == b"end\n"
        writer.write(json.dumps({} if ending else journal(), separators=(",", ":")).encode())
        writer.close()
        if ending:
            end()

    await asyncio.start_unix_server(asked, path=_name(port))


async def ask_main_process(port: int, what: str) -> Fields:
    """Return the answer of the main process that serves ``port``. Raises ConnectionRefusedError when there is none."""
    reader, writer = await asyncio.open_unix_connection(_name(port))
    try:
        writer.write(what.encode() + b"\n")
        answer: Fields = json.loads(await asyncio.wait_for(reader.read(), _ANSWER_SECONDS))
        return answer
    finally:
        writer.close()
