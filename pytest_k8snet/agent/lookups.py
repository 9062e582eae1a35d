"""Names as the pod's own resolver finds them: by /etc/hosts and /etc/resolv.conf, search list and all."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any, Dict, Iterable, List

from .target import in_thread

_AT_ONCE = 32  # each has a thread, and pods may have few


async def look_up(names: Iterable[str], seconds: float) -> List[Dict[str, Any]]:
    """Return for each name its addresses, the name that the resolver holds for the true one, or the error."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(name: str) -> Dict[str, Any]:
        async with places:
            started = time.monotonic()
            try:
                found: Dict[str, Any] = await asyncio.wait_for(in_thread(name, lambda: _found(name)), seconds)
            except asyncio.TimeoutError:
                found = _none("no answer from the resolver within %g s" % seconds)
            except (OSError, UnicodeError) as error:
                found = _none(str(error))
            return {"name": name, "millis": round((time.monotonic() - started) * 1000, 3), **found}

    return list(await asyncio.gather(*(one(name) for name in names)))


def _found(name: str) -> Dict[str, Any]:
    entries = socket.getaddrinfo(name, None, 0, socket.SOCK_STREAM, 0, socket.AI_CANONNAME)
    addresses = sorted({str(entry[4][0]) for entry in entries})
    return {"addresses": addresses, "canonical": entries[0][3], "error": ""}


def _none(error: str) -> Dict[str, Any]:
    return {"addresses": [], "canonical": "", "error": error}
