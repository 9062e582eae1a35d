"""What the API says of a pod, computed from its containers and addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from pytest_k8snet.embedded.api.objects import Obj, now
from pytest_k8snet.embedded.kubelet.container import Container

OVERDUE = "DeadlineExceeded"


@dataclass
class PodFacts:
    """What a kubelet knows of one of its pods. ``addresses`` stay when a finished pod's network is gone."""

    host_addresses: Sequence[str]
    containers: Sequence[Container]
    init_containers: Sequence[Container]
    addresses: Sequence[str] = ()
    started: str = field(default_factory=now)
    initialized: bool = False
    finished: bool = False
    overdue: bool = False


def build_status(pod: Obj, facts: PodFacts, addresses: Sequence[str]) -> Obj:
    """Return the status fields that a kubelet owns. ``addresses`` is what shall be told of the pod's."""
    old = (pod.get("status") or {}).get("conditions") or []
    generation = pod["metadata"].get("generation", 1)
    conditions = [{**entry, "observedGeneration": generation} for entry in _conditions(pod, facts)]
    status: Obj = {
        "observedGeneration": generation,
        "phase": phase(facts),
        "conditions": _merge(old, conditions),
        "hostIP": facts.host_addresses[0],
        "hostIPs": [{"ip": address} for address in facts.host_addresses],
        "startTime": facts.started,
        "containerStatuses": sorted((container.status() for container in facts.containers), key=itemgetter("name")),
    }
    if facts.overdue:
        status |= {"reason": OVERDUE, "message": "Pod was active on the node longer than the specified deadline"}
    if facts.init_containers:
        inits = [{**container.status(), "ready": container.exit_code == 0} for container in facts.init_containers]
        status["initContainerStatuses"] = inits
    if addresses:
        status["podIP"] = addresses[0]
        status["podIPs"] = [{"ip": address} for address in addresses]
    return status


def phase(facts: PodFacts) -> str:
    """Return the pod's phase."""
    if facts.finished:
        if facts.overdue:
            return "Failed"
        codes = [container.exit_code for container in (*facts.init_containers, *facts.containers)]
        return "Succeeded" if all(code == 0 for code in codes) else "Failed"
    began = any(c.restarts or "waiting" not in c.state for c in facts.containers)
    return "Running" if began else "Pending"


def condition(kind: str, holds: bool, reason: str = "", message: str = "") -> Obj:
    """Return a pod condition without its times."""
    entry = {"type": kind, "status": "True" if holds else "False"}
    return entry | ({"reason": reason} if reason else {}) | ({"message": message} if message else {})


def _conditions(pod: Obj, facts: PodFacts) -> list[Obj]:
    waiting = [container.name for container in facts.containers if not container.ready]
    not_ready = ("", "")
    if facts.finished:
        not_ready = ("PodCompleted" if phase(facts) == "Succeeded" else "PodFailed", "")
    elif waiting:
        not_ready = ("ContainersNotReady", f"containers with unready status: [{' '.join(waiting)}]")
    closed = "" if waiting else _closed_gates(pod)
    not_initialized = ("PodCompleted" if facts.finished and phase(facts) == "Succeeded" else "", "")
    if not facts.initialized and facts.init_containers:
        missing = [container.name for container in facts.init_containers if container.exit_code != 0]
        not_initialized = ("ContainersNotInitialized", f"containers with incomplete status: [{' '.join(missing)}]")
    return [
        condition("PodReadyToStartContainers", bool(facts.addresses) and not facts.finished),
        condition("Initialized", facts.initialized or not facts.init_containers, *not_initialized),
        condition("Ready", not waiting and not closed, *(("ReadinessGatesNotReady", closed) if closed else not_ready)),
        condition("ContainersReady", not waiting, *not_ready),
        condition("PodScheduled", True),
    ]


def _closed_gates(pod: Obj) -> str:
    """Say which conditions of the pod's readiness gates do not hold, "" when all do."""
    holds = {entry["type"]: entry["status"] for entry in (pod.get("status") or {}).get("conditions") or ()}
    told = []
    for gate in pod["spec"].get("readinessGates") or ():
        kind = gate["conditionType"]
        if kind not in holds:
            told.append(f'corresponding condition of pod readiness gate "{kind}" does not exist.')
        elif holds[kind] != "True":
            told.append(f'the status of pod readiness gate "{kind}" is not "True", but {holds[kind]}')
    return ", ".join(told)


def _merge(old: Iterable[Obj], new: Iterable[Obj]) -> list[Obj]:
    """Give each condition its time of change: the old one while its status stays."""
    before = {entry["type"]: entry for entry in old}
    merged = []
    for entry in new:
        known = before.pop(entry["type"], None)
        same = known is not None and known["status"] == entry["status"]
        changed = known["lastTransitionTime"] if known is not None and same else now()
        merged.append({**entry, "lastProbeTime": None, "lastTransitionTime": changed})
    return [*merged, *before.values()]
