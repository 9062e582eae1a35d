"""DaemonSets: one pod on every node that it fits on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pytest_k8snet.embedded.api.objects import Obj, clone, is_terminating, labels_of, lookup, name_of
from pytest_k8snet.embedded.api.store import Store, StoreError
from pytest_k8snet.embedded.controllers.ownership import owned, write_status
from pytest_k8snet.embedded.controllers.pods import (
    ENDED,
    PodMaker,
    is_active,
    ready_since,
    seconds_since,
    share,
    soonest,
    template_hash,
    until_available,
)
from pytest_k8snet.embedded.kubelet.events import EventRecorder
from pytest_k8snet.embedded.kubelet.fitting import Situation, why_not

HASH = "controller-revision-hash"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
ENDURED = ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 900.0

ByNode = Mapping[str, Sequence[Obj]]


class DaemonSets:
    """The controller of DaemonSets."""

    plural = "daemonsets"
    follows: Sequence[str] = ("Node",)

    def __init__(self, store: Store) -> None:
        self._store = store
        self._events = EventRecorder(store, "daemonset-controller")
        self._pods = PodMaker(store, self._events)
        self._ended: defaultdict[str, int] = defaultdict(int)

    def sync(self, daemons: Obj) -> float | None:
        """Make pods on nodes without one, delete those that are too many, replace old ones, and count."""
        refused: StoreError | None = None
        again: float | None = None
        if not is_terminating(daemons):
            try:
                again = self._place(daemons, self._by_node(daemons))
                self._replace_old(daemons, self._by_node(daemons))
            except StoreError as error:
                refused = error
        status, waits = self._status(daemons, self._by_node(daemons))
        write_status(self._store, self.plural, daemons, status)
        if refused is not None:
            raise refused
        return soonest([again, *waits])

    def _by_node(self, daemons: Obj) -> ByNode:
        found: defaultdict[str, list[Obj]] = defaultdict(list)
        for pod in owned(self._store, daemons, "pods"):
            found[_node_of(pod)].append(pod)
        return found

    def _place(self, daemons: Obj, pods: ByNode) -> float | None:
        """Return in how many seconds a pod that ended may be replaced, None when none waits for that."""
        pause: float | None = None
        for node in self._store.list("nodes"):
            here = [pod for pod in pods.get(name_of(node), ()) if not is_terminating(pod)]
            for pod in here:
                if lookup(pod, "status", "phase") in ENDED:
                    pause = soonest([pause, self._remove_ended(daemons, pod)])
            active = sorted(filter(is_active, here), key=lambda pod: (ready_since(pod) is None, _age(pod)))
            fits = _fits(daemons, node)
            if fits and not pods.get(name_of(node)):
                self._pods.create(daemons, _template_for(daemons, name_of(node)))
            for pod in active[1:] if fits or _may_stay(daemons, node) else active:
                self._pods.delete(daemons, pod)
        return pause

    def _remove_ended(self, daemons: Obj, pod: Obj) -> float | None:
        """A daemon that has ended is replaced, later each time."""
        where = f"{daemons['metadata']['uid']} {_node_of(pod)}"
        pause = min(float(FIRST_PAUSE * 2 ** min(self._ended[where], 20)), LONGEST_PAUSE)
        ended = [c for c in lookup(pod, "status", "containerStatuses") or () if lookup(c, "state", "terminated")]
        waited = min((seconds_since(c["state"]["terminated"].get("finishedAt")) for c in ended), default=pause)
        if waited < pause:
            return pause - waited
        self._ended[where] += 1
        where = f"{pod['metadata']['namespace']}/{name_of(pod)} on node {_node_of(pod)}"
        told = f"Found failed daemon pod {where}, will try to kill it"
        self._events.record(daemons, "FailedDaemonPod", told, warning=True)
        self._pods.delete(daemons, pod)
        return None

    def _replace_old(self, daemons: Obj, pods: ByNode) -> None:
        """Delete pods of former templates, as many at a time as may be missing; broken ones at any time."""
        strategy = daemons["spec"]["updateStrategy"]
        if strategy["type"] != "RollingUpdate":
            return
        value, min_ready = template_hash(daemons["spec"]["template"]), daemons["spec"].get("minReadySeconds") or 0
        nodes = [name_of(node) for node in self._store.list("nodes") if _fits(daemons, node)]
        missing = 0
        broken: list[Obj] = []
        working: list[Obj] = []
        for node in nodes:
            active = [pod for pod in pods.get(node, ()) if is_active(pod)]
            available = any(until_available(pod, min_ready) == 0.0 for pod in active)
            missing += not available
            for pod in active:
                if labels_of(pod).get(HASH) != value:
                    (working if available else broken).append(pod)
        allowed = share(strategy["rollingUpdate"]["maxUnavailable"], len(nodes), up=True)
        for pod in [*broken, *working[: max(0, allowed - missing)]]:
            self._pods.delete(daemons, pod)

    def _status(self, daemons: Obj, pods: ByNode) -> tuple[Obj, list[float | None]]:
        value, min_ready = template_hash(daemons["spec"]["template"]), daemons["spec"].get("minReadySeconds") or 0
        nodes = self._store.list("nodes")
        wanted = {name_of(node) for node in nodes if _fits(daemons, node)}
        active = {node: [pod for pod in found if is_active(pod)] for node, found in pods.items()}
        here = [active[node][0] for node in sorted(wanted) if active.get(node)]
        waits = [until_available(pod, min_ready) for pod in here]
        available = waits.count(0.0)
        status: Obj = {
            "currentNumberScheduled": len(here),
            "desiredNumberScheduled": len(wanted),
            "numberMisscheduled": sum(bool(found) for node, found in active.items() if node not in wanted),
            "numberReady": sum(ready_since(pod) is not None for pod in here),
            "observedGeneration": daemons["metadata"]["generation"],
        }
        more = {
            "updatedNumberScheduled": sum(labels_of(pod).get(HASH) == value for pod in here),
            "numberAvailable": available,
            "numberUnavailable": len(wanted) - available,
        }
        return status | {name: number for name, number in more.items() if number}, waits


def _age(pod: Obj) -> str:
    return str(pod["metadata"]["creationTimestamp"])


def _node_of(pod: Obj) -> str:
    """The node that a daemon pod is for, also before the scheduler has bound it."""
    if node := pod["spec"].get("nodeName"):
        return str(node)
    terms = lookup(pod, "spec", "affinity", "nodeAffinity", REQUIRED, "nodeSelectorTerms")
    return str(lookup(terms, 0, "matchFields", 0, "values", 0) or "")


def _fits(daemons: Obj, node: Obj) -> bool:
    """Whether a daemon pod may be put on a node, whatever else runs there."""
    pod = {**_template_for(daemons, name_of(node)), "status": {}}
    return not why_not(pod, node, Situation((), [node]))


def _may_stay(daemons: Obj, node: Obj) -> bool:
    """Whether a daemon pod that runs on a node stays: a taint that only keeps pods from coming does not end it."""
    spec = node.get("spec") or {}
    taints = [taint for taint in spec.get("taints") or () if taint.get("effect") == "NoExecute"]
    return _fits(daemons, {**node, "spec": {**spec, "taints": taints, "unschedulable": False}})


def _template_for(daemons: Obj, node: str) -> Obj:
    """The template as it is for one node: bound to it by affinity, and enduring what happens to nodes."""
    template: Obj = clone(daemons["spec"]["template"])
    generation = str(daemons["metadata"].get("generation", 1))
    labels = {HASH: template_hash(daemons["spec"]["template"]), "pod-template-generation": generation}
    template["metadata"]["labels"] = {**(template["metadata"].get("labels") or {}), **labels}
    spec = template["spec"]
    affinity = spec.setdefault("affinity", {}).setdefault("nodeAffinity", {})
    terms = (affinity.get(REQUIRED) or {}).get("nodeSelectorTerms") or [{}]
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    affinity[REQUIRED] = {"nodeSelectorTerms": [{**term, "matchFields": [field]} for term in terms]}
    endured = [*ENDURED, *(["network-unavailable"] if spec.get("hostNetwork") else [])]
    spec["tolerations"] = [
        *(spec.get("tolerations") or ()),
        *(_toleration(name, "NoExecute") for name in ("not-ready", "unreachable")),
        *(_toleration(name, "NoSchedule") for name in endured),
    ]
    return template


def _toleration(name: str, effect: str) -> Obj:
    return {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect}
