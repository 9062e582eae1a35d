"""``?watch=true``: the changes of a resource as a stream of JSON lines."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator

import msgspec
from aiohttp import ClientConnectionResetError, web

from .objects import Obj, namespace_of
from .query import Query
from .resource import Resource
from .status import StoreError
from .store import Change, Store

BOOKMARK_SECONDS = 30.0
"""How often an idle watcher is told the present version. A client that reconnects with it misses nothing."""

Render = Callable[[Obj], Obj]


def visible(change: Change, query: Query, namespace: str) -> tuple[str, Obj] | None:
    """What a watcher with selectors sees of a change: an object that stops matching is DELETED for it."""
    if namespace and namespace_of(change.obj) != namespace:
        return None
    matches = query.selects(change.obj)
    matched = change.previous is not None and query.selects(change.previous)
    if change.type != "MODIFIED":
        shown = matches if change.type == "ADDED" else matched
        return (change.type, change.obj) if shown else None
    if matches:
        return ("MODIFIED" if matched else "ADDED"), change.obj
    return ("DELETED", change.obj) if matched else None


class WatchStream:
    """One watch request: sends what changes until the client leaves or its time is over."""

    def __init__(self, store: Store, resource: Resource, namespace: str, query: Query, render: Render) -> None:
        self._store = store
        self._resource = resource
        self._namespace = namespace
        self._query = query
        self._render = render
        self._deadline = time.monotonic() + (query.timeout or random.uniform(1800, 3600))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer the request; a version that is forgotten is an ERROR event with a 410 Status, as in Kubernetes."""
        response = web.StreamResponse(
            headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"}
        )
        response.enable_chunked_encoding()
        await response.prepare(request)
        try:
            await self._stream(response)
        except StoreError as error:
            await response.write(_line("ERROR", error.as_status()))
        except (ClientConnectionResetError, ConnectionResetError):
            return response  # the watcher hung up, which is how most watches end
        return response

    async def _stream(self, response: web.StreamResponse) -> None:
        with self._store.watch(self._resource.plural, self._query.watch_since(self._store.version)) as watch:
            if self._query.send_initial_events:
                await response.write(b"".join(self._initial()))
            while (left := self._deadline - time.monotonic()) > 0:
                try:
                    changes = await asyncio.wait_for(watch.batch(), min(left, BOOKMARK_SECONDS))
                except TimeoutError:
                    await self._bookmark(response)
                else:
                    await response.write(b"".join(self._lines(changes)))

    def _lines(self, changes: list[Change]) -> Iterator[bytes]:
        for change in changes:
            if event := visible(change, self._query, self._namespace):
                yield _line(event[0], self._render(event[1]))

    def _initial(self) -> Iterator[bytes]:
        for obj in self._store.list(self._resource.plural, self._namespace):
            if self._query.selects(obj):
                yield _line("ADDED", self._render(obj))
        yield _line("BOOKMARK", self._mark({"annotations": {"k8s.io/initial-events-end": "true"}}))

    async def _bookmark(self, response: web.StreamResponse) -> None:
        if self._query.bookmarks:
            await response.write(_line("BOOKMARK", self._mark({})))

    def _mark(self, extra: Obj) -> Obj:
        metadata = {"resourceVersion": str(self._store.version), **extra}
        return {"kind": self._resource.kind, "apiVersion": self._resource.api_version, "metadata": metadata}


def _line(kind: str, obj: Obj) -> bytes:
    return msgspec.json.encode({"type": kind, "object": obj}) + b"\n"
