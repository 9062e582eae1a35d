"""The cluster as the API tells it: watches over the API's socket, and the view of it that answers are made from."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_k8snet.embedded.dns.answer import View
from pytest_k8snet.embedded.dns.records import Objects, build_records

Obj = dict[str, Any]

PATHS = {
    "services": "/api/v1/services",
    "endpointslices": "/apis/discovery.k8s.io/v1/endpointslices",
    "namespaces": "/api/v1/namespaces",
    "pods": "/api/v1/pods",
}
INITIAL = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
END_OF_INITIAL = "k8s.io/initial-events-end"
PAUSE_AFTER_LOSS = 0.5
LONGEST_LINE = 1 << 24


class WatchLost(RuntimeError):
    """The API refused a watch or ended it."""


@dataclass(frozen=True)
class Api:
    """Where the API listens and what it wants to be shown; both are files that the cluster hands to the pod."""

    socket: Path
    token: Path

    async def watch(self, path: str) -> AsyncIterator[Obj]:
        """The events of a watch, beginning with what exists. Raises WatchLost or OSError."""
        reader, writer = await asyncio.open_unix_connection(self.socket, limit=LONGEST_LINE)
        try:
            token = self.token.read_text()
            separator = "&" if "?" in path else "?"
            writer.write(
                f"GET {path}{separator}{INITIAL} HTTP/1.1\r\nHost: kubernetes\r\nAccept: application/json\r\n"
                f"Authorization: Bearer {token}\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            status = head.split(b"\r\n", 1)[0].decode()
            if " 200 " not in status:
                raise WatchLost(f"expected 200 for {path}, seen {status}")
            async for line in _lines(reader):
                yield json.loads(line)
        except (EOFError, asyncio.LimitOverrunError) as error:
            raise WatchLost(f"the watch of {path} broke off: {error}") from error
        finally:
            writer.close()


class ClusterState:
    """The objects of the cluster by resource, namespace and name. ``serial`` grows with every change."""

    def __init__(self) -> None:
        self.serial = int(time.time())
        self.synced: set[str] = set()
        self._objects: dict[str, dict[tuple[str, str], Obj]] = {plural: {} for plural in PATHS}
        self._view: tuple[tuple[str, ...], View] | None = None

    def view(self, zones: Iterable[str]) -> View:
        """What there is now, with the records of some cluster domains."""
        wanted = tuple(zones)
        if self._view is None or self._view[0] != wanted or self._view[1].serial != self.serial:
            objects = Objects(
                services=tuple(self._objects["services"].values()),
                slices=tuple(self._objects["endpointslices"].values()),
                namespaces=tuple(self._objects["namespaces"].values()),
                pods=tuple(self._objects["pods"].values()),
            )
            self._view = wanted, View(objects, {zone: build_records(objects, zone) for zone in wanted}, self.serial)
        return self._view[1]

    def begin(self, plural: str) -> _Beginning:
        """Take the events of a watch from its beginning."""
        return _Beginning(self, plural)

    def replace(self, plural: str, objects: dict[tuple[str, str], Obj]) -> None:
        """All that there is of a resource."""
        self._objects[plural] = objects
        self.synced.add(plural)
        self.serial += 1

    def change(self, plural: str, kind: str, obj: Obj) -> None:
        """One event after the beginning."""
        if kind == "DELETED":
            self._objects[plural].pop(_key(obj), None)
        else:
            self._objects[plural][_key(obj)] = obj
        self.serial += 1


@dataclass
class _Beginning:
    """Collects what a watch begins with: only when it is whole, what vanished while nobody watched is known."""

    state: ClusterState
    plural: str
    _initial: dict[tuple[str, str], Obj] | None = field(default_factory=dict)

    def take(self, event: Obj) -> None:
        kind, obj = event["type"], event["object"]
        if kind == "ERROR":
            raise WatchLost(f"{self.plural}: {obj.get('message')}")
        if kind == "BOOKMARK":
            if self._initial is not None and END_OF_INITIAL in (obj["metadata"].get("annotations") or {}):
                self.state.replace(self.plural, self._initial)
                self._initial = None
        elif self._initial is None:
            self.state.change(self.plural, kind, obj)
        else:
            self._initial[_key(obj)] = obj


async def follow(api: Api, plural: str, state: ClusterState) -> None:
    """Keep ``state`` as the API has it, for ever."""
    await follow_path(api, PATHS[plural], lambda: state.begin(plural).take)


async def follow_path(api: Api, path: str, begin: Callable[[], Callable[[Obj], None]]) -> None:
    """Hand the events of one watch after the other to what ``begin`` returns for each, for ever."""
    while True:
        take = begin()
        try:
            async for event in api.watch(path):
                take(event)
        except (WatchLost, OSError) as error:
            sys.stdout.write(f"[WARNING] plugin/kubernetes: {error}\n")
            await asyncio.sleep(PAUSE_AFTER_LOSS)


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The lines of a chunked body."""
    rest = b""
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        data = await reader.readexactly(size + 2)
        if size == 0:
            return
        *whole, rest = (rest + data[:-2]).split(b"\n")
        for line in whole:
            yield line


def _key(obj: Obj) -> tuple[str, str]:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
