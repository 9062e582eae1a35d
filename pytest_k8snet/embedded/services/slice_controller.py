"""Keeps the EndpointSlices of Services with a selector as their pods are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from pytest_k8snet.embedded.api.objects import ZONE, Obj, is_terminating, labels_of, lookup, name_of, namespace_of
from pytest_k8snet.embedded.api.store import Change, Store, StoreError
from pytest_k8snet.embedded.services.delivery import Deliver, at_once
from pytest_k8snet.embedded.services.slices import SERVICE_NAME, has_slices, is_managed, is_ready, plan, selects

log = logging.getLogger(__name__)

Key = tuple[str, str]


class SliceController:
    """Follows Services, pods and slices. Slices of Services without a selector are never touched."""

    def __init__(self, store: Store) -> None:
        self.deliver: Deliver = at_once
        """Which changes this hears of and when; for faults, which must call ``relist`` then."""
        self._store = store
        self._services: dict[Key, Obj] = {}
        self._pods: dict[str, dict[str, Obj]] = {}
        self._slices: dict[Key, dict[str, Obj]] = {}
        self._zones: dict[str, str] = {}
        self._heard: list[Change] = []
        self._awake = asyncio.Event()

    async def run(self) -> None:
        """Work for ever. What this writes itself comes back as a change that asks for nothing more."""
        await asyncio.gather(self._listen(), self._work())

    async def relist(self) -> None:
        """Forget what was heard, and make the slices as what is stored wants them."""
        for known in (self._services, self._pods, self._slices, self._zones):
            known.clear()
        self._heard.clear()
        self._follow(self._existing())

    def endpoints(self, namespace: str, service: str) -> list[Obj]:
        """Return the endpoints in all slices of a Service, also in those that this does not make."""
        slices = [
            piece
            for piece in self._store.list("endpointslices")
            if namespace_of(piece) == namespace and labels_of(piece).get(SERVICE_NAME) == service
        ]
        return [endpoint for piece in slices for endpoint in piece.get("endpoints") or ()]

    async def _listen(self) -> None:
        with self._store.watch_everything() as watch:
            for change in self._existing():
                self._hear(change)
            while True:
                for change in await watch.batch():
                    self.deliver(change, self._hear)

    def _hear(self, change: Change) -> None:
        self._heard.append(change)
        self._awake.set()

    async def _work(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            heard, self._heard = self._heard, []
            self._follow(heard)

    def _existing(self) -> list[Change]:
        kinds = ("nodes", "services", "pods", "endpointslices")
        return [Change(0, "ADDED", obj) for plural in kinds for obj in self._store.list(plural)]

    def _follow(self, changes: Iterable[Change]) -> None:
        """All changes are noted before anything is decided, so that what is known is what the store has."""
        concerned: set[Key] = set()
        for change in changes:
            match change.obj["kind"]:
                case "Service":
                    concerned.add(self._note_service(change))
                case "Pod":
                    concerned.update(self._note_pod(change))
                case "EndpointSlice":
                    concerned.add(self._note_slice(change))
                case "Node":
                    concerned.update(self._note_node(change.obj))
        for key in sorted(concerned & self._services.keys()):
            try:
                self._sync(self._services[key])
            except StoreError as error:
                # A namespace that is being deleted takes nothing new, and a quota may be used up.
                log.info("the EndpointSlices of Service %s/%s stay as they are: %s", *key, error.message)

    def _note_service(self, change: Change) -> Key:
        key = (namespace_of(change.obj), name_of(change.obj))
        if change.type == "DELETED" or is_terminating(change.obj):
            self._services.pop(key, None)
        else:
            self._services[key] = change.obj
        return key

    def _note_pod(self, change: Change) -> set[Key]:
        pod, namespace = change.obj, namespace_of(change.obj)
        pods = self._pods.setdefault(namespace, {})
        if change.type == "DELETED":
            pods.pop(pod["metadata"]["uid"], None)
        else:
            pods[pod["metadata"]["uid"]] = pod
        before = change.previous
        if change.type == "MODIFIED" and before is not None and _facts(before) == _facts(pod):
            return set()
        labels = [labels_of(pod), *([labels_of(before)] if before else [])]
        return {
            key
            for key, service in self._services.items()
            if key[0] == namespace and any(selects(service, some) for some in labels)
        }

    def _note_slice(self, change: Change) -> Key:
        key = (namespace_of(change.obj), labels_of(change.obj).get(SERVICE_NAME, ""))
        slices = self._slices.setdefault(key, {})
        if change.type == "DELETED" or is_terminating(change.obj) or not is_managed(change.obj):
            slices.pop(name_of(change.obj), None)
        else:
            slices[name_of(change.obj)] = change.obj
        return key

    def _note_node(self, node: Obj) -> set[Key]:
        """Only the zone of a node stands in slices; what a node that is gone had is told by no pod any more."""
        name, zone = name_of(node), labels_of(node).get(ZONE, "")
        if self._zones.get(name, "") == zone:
            return set()
        self._zones[name] = zone
        return set(self._services)

    def _sync(self, service: Obj) -> None:
        if not has_slices(service):
            return
        key = (namespace_of(service), name_of(service))
        pods = [pod for pod in self._pods.get(key[0], {}).values() if selects(service, labels_of(pod))]
        todo = plan(service, pods, self._slices.get(key, {}).values(), self._zones)
        for endpoints in todo.create:
            self._store.create("endpointslices", endpoints)
        for endpoints in todo.replace:
            self._store.replace("endpointslices", endpoints)
        for endpoints in todo.remove:
            self._store.remove("endpointslices", name_of(endpoints), namespace_of(endpoints))


def _facts(pod: Obj) -> tuple[object, ...]:
    """What a slice depends on; the status of a pod changes more often."""
    return (
        labels_of(pod),
        lookup(pod, "status", "podIPs"),
        lookup(pod, "status", "phase"),
        is_ready(pod),
        is_terminating(pod),
    )
