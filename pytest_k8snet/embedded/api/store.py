"""The objects of the cluster, their versions and those who watch them. Synchronous: used from one asyncio loop only.

Every write replaces an object by a new one, so what was handed out, or waits in a watch, never changes afterwards.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Protocol

from . import status
from .meta import check_version, mark_deleted, prepare_new, prepare_update
from .objects import Obj, clone, held_by, is_terminating, name_of, namespace_of
from .resource import Resource
from .resources import RESOURCES
from .status import StoreError

__all__ = ["Admission", "Change", "Store", "StoreError", "Watch", "Write"]

HISTORY = 2048
"""Changes of one resource that are remembered for watches that come back. Older versions get 410."""

BACKLOG = 20_000
"""Changes that may wait for one watcher; one that reads nothing is sent away with 410 and not remembered for ever."""


def _unheard(warning: str) -> None:
    """For the cluster's own controllers, which have nobody to tell."""


def _untracked(new: Obj, old: Obj | None) -> None:
    """The cluster's own controllers do not claim fields."""


@dataclass(frozen=True)
class Write:
    """How a write is done. ``warn`` hears what a client should be told though it succeeds.

    ``track`` may record in the new object, in place, who changed what; it is called when all else is settled.
    """

    dry_run: bool = False
    warn: Callable[[str], None] = _unheard
    track: Callable[[Obj, Obj | None], None] = _untracked


INTERNAL = Write()


class Change(NamedTuple):
    """One step in the life of an object. ``previous`` is what it replaced, for selectors that no longer match."""

    version: int
    type: str
    obj: Obj
    previous: Obj | None = None


class Admission(Protocol):
    """A rule of the cluster that may complete or refuse an object after its validation."""

    def __call__(self, store: Store, resource: Resource, obj: Obj, old: Obj | None) -> Iterable[str]:
        """Change ``obj`` in place, or raise StoreError. ``old`` is None for a new object. Gives warnings."""
        ...


class Watch:
    """The changes of one resource, in order; ends when it is closed. Made by ``Store.watch``."""

    def __init__(self, pending: Sequence[Change], on_close: Callable[[Watch], None]) -> None:
        self._pending = deque(pending)
        self._on_close = on_close
        self._awake = asyncio.Event()
        self._overrun = False

    def push(self, change: Change) -> None:
        """Add a change; only the store does this."""
        if len(self._pending) < BACKLOG:
            self._pending.append(change)
        else:
            self._overrun = True
        self._awake.set()

    async def batch(self) -> list[Change]:
        """All changes that wait, at least one. Raises StoreError 410 when the reader was too slow to get them all."""
        while not self._pending:
            if self._overrun:
                raise status.expired(f"the watch fell behind by more than {BACKLOG} changes: list again and watch on")
            self._awake.clear()
            await self._awake.wait()
        changes = list(self._pending)
        self._pending.clear()
        return changes

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._on_close(self)


class Store:
    """Objects by plural name of their resource (``pods``, ``networkpolicies``).

    ``admission`` are the rules that every new and every changed object must pass, whoever writes it.
    All methods raise StoreError with the status that an API server would answer.
    """

    def __init__(self, admission: Sequence[Admission] = (), resources: Sequence[Resource] = RESOURCES) -> None:
        self.resources: Mapping[str, Resource] = {resource.plural: resource for resource in resources}
        self._admission = tuple(admission)
        self._objects: dict[str, dict[tuple[str, str], Obj]] = {plural: {} for plural in self.resources}
        self._history: dict[str, deque[Change]] = {plural: deque(maxlen=HISTORY) for plural in self.resources}
        self._watches: dict[str, set[Watch]] = {plural: set() for plural in self.resources}
        self._observers: set[Watch] = set()
        self.version = 1
        """The newest resourceVersion."""

    def resource(self, plural: str) -> Resource:
        """The table entry of ``plural``."""
        if plural not in self.resources:
            raise status.no_such_path(plural)
        return self.resources[plural]

    def get(self, plural: str, name: str, namespace: str = "") -> Obj | None:
        """One object, None when it is not there."""
        return self._objects[self.resource(plural).plural].get((namespace, name))

    def need(self, plural: str, name: str, namespace: str = "") -> Obj:
        """One object; StoreError 404 when it is not there."""
        obj = self.get(plural, name, namespace)
        if obj is None:
            raise status.not_found(self.resource(plural).qualified, name)
        return obj

    def list(self, plural: str, namespace: str = "") -> list[Obj]:
        """All objects of a resource, of one namespace when it is given, ordered by namespace and name."""
        objects = self._objects[self.resource(plural).plural]
        return [objects[key] for key in sorted(objects) if not namespace or key[0] == namespace]

    def create(self, plural: str, obj: Obj, write: Write = INTERNAL) -> Obj:
        """Complete, check and store a new object. StoreError 409 when the name is taken, 422 when it is invalid."""
        resource = self.resource(plural)
        objects, namespace = self._objects[plural], namespace_of(obj)
        new = prepare_new(resource, clone(obj), lambda name: (namespace, name) in objects)
        if (namespace_of(new), name_of(new)) in objects:
            raise status.already_exists(resource.qualified, name_of(new))
        self._admit(resource, new, None, write)
        return new if write.dry_run else self._commit(resource, "ADDED", new, None)

    def replace(self, plural: str, obj: Obj, write: Write = INTERNAL, *, subresource: str = "") -> Obj:
        """Store a changed object: everything but its status, or nothing but that with ``subresource="status"``.

        A resourceVersion or uid in ``obj`` must be the present one, otherwise StoreError 409.
        """
        resource = self.resource(plural)
        old = self.need(plural, name_of(obj), namespace_of(obj))
        check_version(resource, old, obj["metadata"])
        new = prepare_update(resource, clone(obj), old, subresource)
        self._admit(resource, new, old, write)
        return new if write.dry_run else self._change(resource, new, old)

    def update(self, plural: str, name: str, namespace: str, change: Callable[[Obj], None]) -> Obj:
        """Let ``change`` alter a copy of an object and store it, unchecked: for the cluster's own controllers."""
        old = self.need(plural, name, namespace)
        new = clone(old)
        change(new)
        return self._change(self.resource(plural), new, old)

    def set_status(self, plural: str, name: str, namespace: str, values: Obj) -> Obj:
        """Set keys of an object's ``status``; what is equal already makes no new version."""
        return self.update(plural, name, namespace, lambda obj: obj.update(status={**obj.get("status", {}), **values}))

    def remove(self, plural: str, name: str, namespace: str = "") -> Obj:
        """Take an object out without any grace, unless a finalizer holds it: then with the last of them."""
        old = self.need(plural, name, namespace)
        new = clone(old)
        if not held_by(old):
            return self._commit(self.resource(plural), "DELETED", new, old)
        mark_deleted(new, 0)
        return self._change(self.resource(plural), new, old)

    def watch_everything(self) -> Watch:
        """All changes of all resources from now on."""
        watch = Watch((), self._observers.discard)
        self._observers.add(watch)
        return watch

    def watch(self, plural: str, since: int | None = None) -> Watch:
        """Changes after version ``since``; without it, first an ADDED for each object that is there.

        Raises StoreError 410 when ``since`` is older than what is remembered.
        """
        resource = self.resource(plural)
        watch = Watch(list(self._past(resource, since)), self._watches[plural].discard)
        self._watches[plural].add(watch)
        return watch

    async def subscribe(self, plural: str) -> AsyncIterator[tuple[str, Obj]]:
        """``(type, object)`` of every change, beginning with ADDED for what exists."""
        with self.watch(plural) as watch:
            while True:
                for change in await watch.batch():
                    yield change.type, change.obj

    def _past(self, resource: Resource, since: int | None) -> Iterator[Change]:
        if since is None:
            for obj in self.list(resource.plural):
                yield Change(int(obj["metadata"]["resourceVersion"]), "ADDED", obj)
            return
        history = self._history[resource.plural]
        if len(history) == HISTORY and since < history[0].version - 1:
            raise status.expired(f"too old resource version: {since} ({history[0].version})")
        if since > self.version:
            raise status.expired(f"too large resource version: {since}, current: {self.version}")
        yield from (change for change in history if change.version > since)

    def _admit(self, resource: Resource, obj: Obj, old: Obj | None, write: Write) -> None:
        for rule in self._admission:
            for warning in rule(self, resource, obj, old):
                write.warn(warning)
        write.track(obj, old)

    def _change(self, resource: Resource, new: Obj, old: Obj) -> Obj:
        if new == old:
            return old
        over = is_terminating(new) and not new["metadata"].get("deletionGracePeriodSeconds")
        if over and held_by(old) and not held_by(new):
            return self._commit(resource, "DELETED", new, old)
        return self._commit(resource, "MODIFIED", new, old)

    def _commit(self, resource: Resource, kind: str, obj: Obj, old: Obj | None) -> Obj:
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        objects = self._objects[resource.plural]
        key = (namespace_of(obj), name_of(obj))
        if kind == "DELETED":
            objects.pop(key, None)
        else:
            objects[key] = obj
        change = Change(self.version, kind, obj, old)
        self._history[resource.plural].append(change)
        for watch in self._watches[resource.plural] | self._observers:
            watch.push(change)
        return obj
