"""The scheduler: gives each new pod a node, or says why none will do."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from pytest_k8snet.embedded.api.objects import Obj, is_terminating, lookup, name_of, namespace_of, now
from pytest_k8snet.embedded.api.store import Store
from pytest_k8snet.embedded.kubelet.events import EventRecorder
from pytest_k8snet.embedded.kubelet.fitting import Situation, why_not

log = logging.getLogger(__name__)


class Scheduler:
    """Follows pods and nodes; a pod that fits nowhere is tried again after every change."""

    def __init__(self, store: Store, events: EventRecorder) -> None:
        self._store = store
        self._events = events

    async def follow(self, plural: str) -> None:
        """Schedule after every change of pods or nodes."""
        async for kind, obj in self._store.subscribe(plural):
            if plural == "nodes" or kind == "DELETED" or not lookup(obj, "spec", "nodeName"):
                self.schedule_all()

    def schedule_all(self) -> None:
        """Give a node to every pod that has none and fits on one."""
        for pod in self._store.list("pods"):
            scheduler = pod["spec"].get("schedulerName") or "default-scheduler"
            if pod["spec"].get("nodeName") or is_terminating(pod) or scheduler != "default-scheduler":
                continue
            try:
                self._schedule(pod)
            except Exception:
                # One pod that nobody thought of must not stop all others.
                log.exception("pod %s/%s cannot be scheduled", namespace_of(pod), name_of(pod))

    def _schedule(self, pod: Obj) -> None:
        nodes = self._store.list("nodes")
        situation = Situation(self._store.list("pods"), nodes)
        reasons = {name_of(node): why_not(pod, node, situation) for node in nodes}
        fitting = [name for name, why in reasons.items() if not why]
        if fitting:
            self._bind(pod, min(fitting, key=lambda name: (situation.pods_on(name), name)))
        else:
            self._refuse(pod, list(reasons.values()))

    def _bind(self, pod: Obj, node: str) -> None:
        def change(new: Obj) -> None:
            new["spec"]["nodeName"] = node
            new.setdefault("status", {})["conditions"] = [
                {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now()}
            ]

        bound = self._store.update("pods", name_of(pod), namespace_of(pod), change)
        where = f"{namespace_of(pod)}/{name_of(pod)}"
        self._events.record(bound, "Scheduled", f"Successfully assigned {where} to {node}")

    def _refuse(self, pod: Obj, reasons: Iterable[str]) -> None:
        counts = Counter(reasons)
        told = ", ".join(f"{count} {why}" for why, count in sorted(counts.items()))
        message = f"0/{counts.total()} nodes are available: {told}."
        old = {entry["type"]: entry for entry in lookup(pod, "status", "conditions") or ()}.get("PodScheduled", {})
        if old.get("message") == message:
            return
        unscheduled = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": message,
            "lastProbeTime": None,
            "lastTransitionTime": old.get("lastTransitionTime") or now(),
        }
        status = {"phase": "Pending", "conditions": [unscheduled]}
        refused = self._store.set_status("pods", name_of(pod), namespace_of(pod), status)
        self._events.record(refused, "FailedScheduling", message, warning=True)
