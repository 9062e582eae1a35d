"""The pods of a workload: made from its template, and what it wants to know of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import msgspec

from pytest_k8snet.embedded.api.meta import SUFFIX
from pytest_k8snet.embedded.api.objects import Obj, clone, is_terminating, lookup, name_of, namespace_of
from pytest_k8snet.embedded.api.store import Store, StoreError
from pytest_k8snet.embedded.controllers.ownership import end, owner_reference
from pytest_k8snet.embedded.kubelet.events import EventRecorder

ENDED = ("Succeeded", "Failed")


class PodMaker:
    """Makes and deletes pods for workloads, and tells it in their events."""

    def __init__(self, store: Store, events: EventRecorder) -> None:
        self._store = store
        self._events = events

    def create(self, owner: Obj, template: Obj) -> Obj:
        """Make one pod. Raises what the API refuses it with."""
        metadata = clone(template.get("metadata") or {})
        metadata |= {"generateName": f"{name_of(owner)}-", "namespace": namespace_of(owner)}
        metadata["ownerReferences"] = [owner_reference(owner)]
        try:
            pod = self._store.create("pods", {"metadata": metadata, "spec": clone(template["spec"])})
        except StoreError as error:
            self._events.record(owner, "FailedCreate", f"Error creating: {error.message}", warning=True)
            raise
        self._events.record(owner, "SuccessfulCreate", f"Created pod: {name_of(pod)}")
        return pod

    def delete(self, owner: Obj, pod: Obj) -> None:
        """Delete a pod, with its grace."""
        end(self._store, "pods", pod)
        self._events.record(owner, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")


def is_active(pod: Obj) -> bool:
    """Whether a pod runs or will: it has neither ended nor is it being deleted."""
    return lookup(pod, "status", "phase") not in ENDED and not is_terminating(pod)


def ready_since(pod: Obj) -> dt.datetime | None:
    """Since when a pod is Ready, None while it is not."""
    for entry in lookup(pod, "status", "conditions") or ():
        if entry.get("type") == "Ready" and entry.get("status") == "True":
            return moment(entry.get("lastTransitionTime"))
    return None


def moment(text: str | None) -> dt.datetime:
    """A time of the API; now where there is none."""
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00")) if text else dt.datetime.now(dt.UTC)


def seconds_since(text: str | None) -> float:
    """How long ago a time of the API was."""
    return (dt.datetime.now(dt.UTC) - moment(text)).total_seconds()


def until_available(pod: Obj, min_ready: float) -> float | None:
    """In how many seconds a Ready pod counts as available (0: now), None for one that is not Ready."""
    since = ready_since(pod)
    if since is None:
        return None
    return max(0.0, min_ready - (dt.datetime.now(dt.UTC) - since).total_seconds()) if min_ready else 0.0


def soonest(times: Iterable[float | None]) -> float | None:
    """The first of the times at which something has to be looked at; None when nothing has to."""
    return min((time for time in times if time), default=None)


def template_hash(template: Obj) -> str:
    """A label value that tells templates apart, of the letters that Kubernetes uses."""
    number = 0x811C9DC5  # FNV-1a, 32 bits
    for byte in msgspec.json.encode(template, order="deterministic"):
        number = ((number ^ byte) * 0x01000193) & 0xFFFFFFFF
    return "".join(SUFFIX[ord(digit) % len(SUFFIX)] for digit in str(number))


def share(value: Any, total: int, *, up: bool) -> int:
    """A number, or a percentage of ``total`` rounded up or down."""
    if isinstance(value, str) and value.endswith("%"):
        part = int(value[:-1]) * total
        return -(-part // 100) if up else part // 100
    return int(value or 0)
