"""The status of a Deployment, as ``kubectl rollout status`` and ``kubectl wait`` read it."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import Obj, lookup, name_of, now
from pytest_k8snet.embedded.controllers.pods import seconds_since
from pytest_k8snet.embedded.controllers.rollout import Rollout, count, replicas_of

DONE = "NewReplicaSetAvailable"
LATE = "ProgressDeadlineExceeded"


def build_status(deployment: Obj, rollout: Rollout) -> Obj:
    """The whole status, with the times of conditions that did not change."""
    every = rollout.every
    total, available = count(every, "replicas"), count(every, "availableReplicas")
    counts = {
        "replicas": total,
        "updatedReplicas": count([rollout.new], "replicas") if rollout.new else 0,
        "readyReplicas": count(every, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, sum(map(replicas_of, every)) - available),
    }
    status: Obj = {"observedGeneration": deployment["metadata"]["generation"]}
    status |= {name: number for name, number in counts.items() if number}
    before = {entry["type"]: entry for entry in lookup(deployment, "status", "conditions") or ()}
    wanted = [_availability(available >= replicas_of(deployment) - rollout.may_miss)]
    wanted += filter(None, [_progress(deployment, rollout, status, before.get("Progressing"))])
    wanted += [_entry(c["type"], c["status"], c["reason"], c["message"]) for c in _failures(rollout)]
    status["conditions"] = [_dated(entry, before.get(entry["type"])) for entry in wanted]
    return status


def recheck_after(deployment: Obj) -> float | None:
    """In how many seconds a rollout that makes no progress is late, None when none is under way."""
    for entry in deployment["status"]["conditions"]:
        if entry["type"] == "Progressing" and entry["reason"] not in (DONE, LATE, "DeploymentPaused"):
            deadline = float(deployment["spec"]["progressDeadlineSeconds"])
            return max(0.1, deadline - seconds_since(entry["lastUpdateTime"]))
    return None


def _availability(enough: bool) -> Obj:
    if enough:
        return _entry("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    return _entry("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")


def _progress(deployment: Obj, rollout: Rollout, status: Obj, before: Obj | None) -> Obj | None:
    if deployment["spec"].get("paused"):
        return _entry("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
    if rollout.new is None:
        return before
    what = f'ReplicaSet "{name_of(rollout.new)}"'
    if rollout.is_complete({**deployment, "status": status}):
        return _entry("Progressing", "True", DONE, f"{what} has successfully progressed.")
    if before is None:
        return _entry(
            "Progressing", "True", "NewReplicaSetCreated", f'Created new replica set "{name_of(rollout.new)}"'
        )
    if _advanced(deployment.get("status") or {}, status) or before["status"] == "Unknown":
        return _entry("Progressing", "True", "ReplicaSetUpdated", f"{what} is progressing.") | {"lastUpdateTime": now()}
    if before["reason"] == DONE and what not in before["message"]:
        return _entry("Progressing", "True", "NewReplicaSetCreated", f"{what} is new.")
    deadline = deployment["spec"]["progressDeadlineSeconds"]
    if before["reason"] != DONE and seconds_since(before["lastUpdateTime"]) > deadline:
        return _entry("Progressing", "False", LATE, f"{what} has timed out progressing.")
    return before


def _advanced(old: Obj, new: Obj) -> bool:
    """Whether there are more new, ready or available pods than before, or fewer old ones."""

    def outdated(status: Obj) -> int:
        return int(status.get("replicas", 0)) - int(status.get("updatedReplicas", 0))

    more = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return any(new.get(name, 0) > old.get(name, 0) for name in more) or outdated(new) < outdated(old)


def _failures(rollout: Rollout) -> list[Obj]:
    """What keeps the ReplicaSets from making pods; the newest one's first."""
    for replicas in reversed(rollout.every):
        if conditions := lookup(replicas, "status", "conditions"):
            return list(conditions)
    return []


def _entry(kind: str, status: str, reason: str, message: str) -> Obj:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def _dated(entry: Obj, before: Obj | None) -> Obj:
    """A condition with its times: of its status, and of anything in it."""
    same = before is not None and all(before[key] == entry[key] for key in ("status", "reason", "message"))
    if before is not None and same:
        return {**before, **entry}
    changed = before is None or before["status"] != entry["status"]
    since = now() if changed or before is None else before["lastTransitionTime"]
    return {**entry, "lastUpdateTime": now(), "lastTransitionTime": since}
