"""``pods/log``: the output of a container as text, also while it is written."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Mapping

from aiohttp import ClientConnectionResetError, web

from .exec import flag, pick_container
from .paths import Target
from .runtime import Runtime
from .status import StoreError, bad_request
from .store import Store

UNSUPPORTED = frozenset({"limitBytes", "sinceSeconds", "sinceTime"})
"""Ways to cut a log that would give wrong results when they were passed over."""


async def serve_logs(request: web.Request, store: Store, runtime: Runtime, target: Target) -> web.StreamResponse:
    """Stream a container's output. Refusals of the runtime come with its first piece, so before the headers."""
    pod = store.need("pods", target.name, target.namespace)
    values = request.query
    for name in UNSUPPORTED & values.keys():
        raise bad_request(f"{name} is not supported by the embedded cluster: its logs can be cut by tailLines only")
    pieces = runtime.logs(
        target.namespace,
        target.name,
        pick_container(pod, values.get("container", "")),
        follow=flag(values, "follow"),
        tail=_lines(values),
        previous=flag(values, "previous"),
        timestamps=flag(values, "timestamps"),
    )
    first = await anext(pieces, b"")
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    with contextlib.suppress(ClientConnectionResetError, ConnectionResetError):  # the reader has seen enough
        await _send(response, first, pieces)
    return response


async def _send(response: web.StreamResponse, first: bytes, pieces: AsyncIterator[bytes]) -> None:
    await response.write(first)
    async for piece in pieces:
        await response.write(piece)


def _lines(values: Mapping[str, str]) -> int | None:
    text = values.get("tailLines", "")
    if not text:
        return None
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        why = "must be greater than or equal to 0"
        raise StoreError(422, "Invalid", f'PodLogOptions "" is invalid: tailLines: Invalid value: {text}: {why}')
    return int(text)
