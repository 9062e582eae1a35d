"""The loop that runs the controllers of workloads: whatever changes is looked at again, each object one at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from pytest_k8snet.embedded.api.objects import Obj, name_of, namespace_of
from pytest_k8snet.embedded.api.store import Change, Store, StoreError
from pytest_k8snet.embedded.controllers.ownership import controller_of

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 30.0


class Controller(Protocol):
    """Brings what is there to what objects of one kind ask for. ``follows`` are kinds that concern all of them."""

    plural: str
    follows: Sequence[str]

    def sync(self, obj: Obj) -> float | None:
        """Take the next step for one object.

        Return the seconds after which to look again though nothing changes, None for never. A StoreError means that
        the API refused something: it is tried again, later each time.
        """
        ...


class Key(NamedTuple):
    """One object of a controller's kind."""

    plural: str
    namespace: str
    name: str


class ControlLoop:
    """Runs controllers. Everything is synchronous, so no controller sees another's half of a step."""

    def __init__(self, store: Store, controllers: Sequence[Controller]) -> None:
        self._store = store
        self._controllers = {controller.plural: controller for controller in controllers}
        self._plurals = {store.resource(plural).kind: plural for plural in self._controllers}
        self._due: dict[Key, None] = {}
        self._awake = asyncio.Event()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._failures: dict[Key, int] = {}

    async def run(self) -> None:
        """Go on for ever."""
        await asyncio.gather(self._follow(), self._work())

    async def _follow(self) -> None:
        with self._store.watch_everything() as watch:
            for plural in self._controllers:
                self._need(*self._all(plural))
            while True:
                for change in await watch.batch():
                    self._need(*self._concerned(change))

    def _concerned(self, change: Change) -> Iterator[Key]:
        """The object itself, who owns it or did, and who might want to own it."""
        obj, kind, namespace = change.obj, change.obj["kind"], namespace_of(change.obj)
        if kind in self._plurals:
            yield Key(self._plurals[kind], namespace, name_of(obj))
        for state in filter(None, (obj, change.previous)):
            yield from self._owners(state, whole_line=change.type == "DELETED")
            if controller_of(state) is None and kind in ("Pod", "ReplicaSet"):
                for plural in self._controllers:
                    yield from self._all(plural, namespace)
        for controller in self._controllers.values():
            if kind in controller.follows:
                yield from self._all(controller.plural)

    def _owners(self, obj: Obj, *, whole_line: bool) -> Iterator[Key]:
        """Who controls an object; in the whole line, who controls that one too: a Deployment waits for pods to go."""
        owner = controller_of(obj)
        if owner is None or owner["kind"] not in self._plurals:
            return
        key = Key(self._plurals[owner["kind"]], namespace_of(obj), owner["name"])
        yield key
        above = self._store.get(key.plural, key.name, key.namespace)
        if whole_line and above is not None:
            yield from self._owners(above, whole_line=True)

    def _all(self, plural: str, namespace: str = "") -> Iterator[Key]:
        for obj in self._store.list(plural, namespace):
            yield Key(plural, namespace_of(obj), name_of(obj))

    def _need(self, *keys: Key) -> None:
        self._due.update(dict.fromkeys(keys))
        if self._due:
            self._awake.set()

    async def _work(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            due, self._due = self._due, {}
            for key in due:
                self._sync(key)
                await asyncio.sleep(0)

    def _sync(self, key: Key) -> None:
        if timer := self._timers.pop(key, None):
            timer.cancel()
        obj = self._store.get(key.plural, key.name, key.namespace)
        if obj is None:
            self._failures.pop(key, None)
            return
        try:
            again = self._controllers[key.plural].sync(obj)
            self._failures.pop(key, None)
        except StoreError:
            again = self._pause(key)  # the controller has told it in the object's status and events
        except Exception:
            # One object that nobody thought of must not stop all others.
            log.exception("%s %s/%s cannot be looked after", *key)
            again = self._pause(key)
        if again is not None:
            self._timers[key] = asyncio.get_running_loop().call_later(again, self._need, key)

    def _pause(self, key: Key) -> float:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        return float(min(FIRST_PAUSE * 2 ** min(failures, 20), LONGEST_PAUSE))
