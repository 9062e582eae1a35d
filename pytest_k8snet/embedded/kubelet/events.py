"""Events: what scheduler and kubelet tell about a pod; equal ones are counted, as in Kubernetes."""

from __future__ import annotations

import datetime as dt
import itertools

from pytest_k8snet.embedded.api.objects import Obj, now
from pytest_k8snet.embedded.api.store import Store, StoreError


class EventRecorder:
    """Writes events of one component (``kubelet``, ``default-scheduler``) into the store."""

    def __init__(self, store: Store, component: str) -> None:
        self._store = store
        self._component = component
        self._numbers = itertools.count(1)
        self._known: dict[tuple[str, str, str, str], str] = {}

    def record(self, obj: Obj, reason: str, message: str, *, warning: bool = False, field: str = "") -> None:
        """Tell that something happened to ``obj``; ``field`` is the part of it, such as a container's fieldPath."""
        metadata = obj["metadata"]
        key = (metadata["uid"], reason, message, field)
        namespace = metadata.get("namespace") or "default"
        if key in self._known and self._store.get("events", self._known[key], namespace):
            self._store.update("events", self._known[key], namespace, _count)
            return
        name = f"{metadata['name']}.{next(self._numbers):x}{dt.datetime.now(dt.UTC).strftime('%H%M%S%f')}"
        event = {
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": _reference(obj, field),
            "reason": reason,
            "message": message,
            "type": "Warning" if warning else "Normal",
            **self._source(obj),
            "firstTimestamp": now(),
            "lastTimestamp": now(),
            "count": 1,
        }
        try:
            self._store.create("events", event)
        except StoreError as error:
            if error.status not in (403, 404):  # the namespace is on its way out, and its events with it
                raise
            return
        self._known[key] = name

    def _source(self, obj: Obj) -> Obj:
        node = (obj.get("spec") or {}).get("nodeName", "") if self._component == "kubelet" else ""
        source = {"component": self._component} | ({"host": node} if node else {})
        return {"source": source, "reportingComponent": self._component, "reportingInstance": node}


def _reference(obj: Obj, field: str) -> Obj:
    metadata = obj["metadata"]
    reference = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "name": metadata["name"], "uid": metadata["uid"]}
    more = {key: metadata.get(key) for key in ("namespace", "resourceVersion")} | {"fieldPath": field}
    return reference | {key: value for key, value in more.items() if value}


def _count(event: Obj) -> None:
    event["count"] = event.get("count", 1) + 1
    event["lastTimestamp"] = now()
