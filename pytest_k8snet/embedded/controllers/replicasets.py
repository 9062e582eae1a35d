"""ReplicaSets: as many pods of a template as asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pytest_k8snet.embedded.api.objects import Obj, is_terminating, labels_of, lookup, now
from pytest_k8snet.embedded.api.store import Store, StoreError
from pytest_k8snet.embedded.controllers.ownership import owned, write_status
from pytest_k8snet.embedded.controllers.pods import PodMaker, is_active, ready_since, soonest, until_available
from pytest_k8snet.embedded.kubelet.events import EventRecorder

PHASES = ("Pending", "Unknown", "Running")


class ReplicaSets:
    """The controller of ReplicaSets."""

    plural = "replicasets"
    follows: Sequence[str] = ()

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pods = PodMaker(store, EventRecorder(store, "replicaset-controller"))

    def sync(self, replicas: Obj) -> float | None:
        """Make the pods that are missing, or delete those that are too many, and count."""
        refused: StoreError | None = None
        if not is_terminating(replicas):
            try:
                self._replenish(replicas, self._active(replicas))
            except StoreError as error:
                refused = error
        active = self._active(replicas)
        min_ready = replicas["spec"].get("minReadySeconds") or 0
        times = [until_available(pod, min_ready) for pod in active]
        status = _status(replicas, active, times.count(0.0), refused)
        write_status(self._store, self.plural, replicas, status)
        if refused is not None:
            raise refused
        return soonest(times)

    def _active(self, replicas: Obj) -> list[Obj]:
        return [pod for pod in owned(self._store, replicas, "pods") if is_active(pod)]

    def _replenish(self, replicas: Obj, active: Sequence[Obj]) -> None:
        missing = replicas["spec"]["replicas"] - len(active)
        for _ in range(missing):
            self._pods.create(replicas, replicas["spec"]["template"])
        for pod in _most_dispensable(active)[: max(0, -missing)]:
            self._pods.delete(replicas, pod)


def _most_dispensable(pods: Sequence[Obj]) -> list[Obj]:
    """Pods in the order in which they are deleted: unassigned, pending, not ready, crowded, younger ones first."""
    crowds = Counter(pod["spec"].get("nodeName") for pod in pods)

    def worth(pod: Obj) -> tuple[bool, int, bool, int]:
        node, phase = pod["spec"].get("nodeName"), lookup(pod, "status", "phase")
        rank = PHASES.index(phase) if phase in PHASES else 0
        return bool(node), rank, ready_since(pod) is not None, -crowds[node]

    youngest_first = sorted(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), reverse=True)
    return sorted(youngest_first, key=worth)


def _status(replicas: Obj, active: Sequence[Obj], available: int, refused: StoreError | None) -> Obj:
    wanted = lookup(replicas, "spec", "template", "metadata", "labels") or {}
    counts = {
        "fullyLabeledReplicas": sum(wanted.items() <= labels_of(pod).items() for pod in active),
        "readyReplicas": sum(ready_since(pod) is not None for pod in active),
        "availableReplicas": available,
    }
    status: Obj = {"replicas": len(active), "observedGeneration": replicas["metadata"]["generation"]}
    status |= {name: count for name, count in counts.items() if count}
    if refused is not None:
        old: Obj = next(iter(lookup(replicas, "status", "conditions") or ()), {})
        failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": refused.message}
        status["conditions"] = [{**failure, "lastTransitionTime": old.get("lastTransitionTime") or now()}]
    return status
