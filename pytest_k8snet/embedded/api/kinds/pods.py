"""Pods: the columns of ``kubectl get pods``."""

from __future__ import annotations

from typing import Any

from pytest_k8snet.embedded.api.columns import AGE, NAME, Column, field, joined
from pytest_k8snet.embedded.api.objects import Obj, is_terminating, lookup


def pod_status(pod: Obj) -> str:
    """The word of the STATUS column: why a container waits or ended, otherwise the phase (kubectl's ``printPod``)."""
    status = pod.get("status") or {}
    reason = status.get("reason") or status.get("phase") or "Pending"
    reason = _init_reason(pod, status.get("initContainerStatuses") or []) or _container_reason(status, reason)
    if is_terminating(pod):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return reason


def _init_reason(pod: Obj, statuses: list[Obj]) -> str:
    for index, container in enumerate(statuses):
        terminated, waiting = lookup(container, "state", "terminated"), lookup(container, "state", "waiting")
        if terminated and terminated.get("exitCode") == 0:
            continue
        if terminated:
            return f"Init:{_ended(terminated)}"
        if waiting and waiting.get("reason") not in (None, "", "PodInitializing"):
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{len(pod['spec'].get('initContainers') or ())}"
    return ""


def _container_reason(status: Obj, reason: str) -> str:
    running = False
    for container in reversed(status.get("containerStatuses") or []):
        state = container.get("state") or {}
        if waiting := (state.get("waiting") or {}).get("reason"):
            reason = waiting
        elif state.get("terminated"):
            reason = _ended(state["terminated"])
        elif state.get("running") and container.get("ready"):
            running = True
    if reason == "Completed" and running:
        ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions") or [])
        return "Running" if ready else "NotReady"
    return reason


def _ended(terminated: dict[str, Any]) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    signal = terminated.get("signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{terminated.get('exitCode', 0)}"


def _ready(pod: Obj) -> str:
    statuses = lookup(pod, "status", "containerStatuses") or []
    return f"{sum(bool(c.get('ready')) for c in statuses)}/{len(pod['spec'].get('containers') or ())}"


def _restarts(pod: Obj) -> str:
    return str(sum(int(c.get("restartCount", 0)) for c in lookup(pod, "status", "containerStatuses") or []))


def _addresses(pod: Obj) -> str:
    return joined(str(entry.get("ip")) for entry in lookup(pod, "status", "podIPs") or [])


COLUMNS = (
    NAME,
    Column("Ready", _ready),
    Column("Status", pod_status),
    Column("Restarts", _restarts),
    AGE,
    Column("IP", _addresses, priority=1),
    Column("Node", field("spec", "nodeName"), priority=1),
    Column("Nominated Node", field("status", "nominatedNodeName"), priority=1),
    Column("Readiness Gates", lambda pod: "<none>", priority=1),
)

SELECTABLE = (
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "status.phase",
    "status.podIP",
)


def grace(pod: Obj) -> int | None:
    """Seconds that a kubelet gives the pod to end; None when no kubelet has it, or it has ended."""
    if not lookup(pod, "spec", "nodeName") or lookup(pod, "status", "phase") in ("Succeeded", "Failed"):
        return None
    seconds = lookup(pod, "spec", "terminationGracePeriodSeconds")
    return 30 if seconds is None else int(seconds)
