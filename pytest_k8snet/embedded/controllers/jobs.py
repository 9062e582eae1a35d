"""Jobs: pods until enough of them have succeeded, or too many have failed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_k8snet.embedded.api.objects import Obj, is_terminating, lookup, now
from pytest_k8snet.embedded.api.store import Store
from pytest_k8snet.embedded.controllers.ownership import end, owned, write_status
from pytest_k8snet.embedded.controllers.pods import PodMaker, is_active, ready_since, seconds_since, soonest
from pytest_k8snet.embedded.kubelet.events import EventRecorder

FIRST_PAUSE, LONGEST_PAUSE = 10.0, 600.0
REACHED = ("CompletionsReached", "Reached expected number of succeeded pods")
TOO_MANY = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
TOO_LONG = ("DeadlineExceeded", "Job was active longer than specified deadline")
VERDICTS = {"SuccessCriteriaMet": "Complete", "FailureTarget": "Failed"}
"""What a Job is going to be as soon as its last pod has ended."""


@dataclass
class Tally:
    """The pods of a Job that have ended, by uid: they count also when somebody deletes them."""

    succeeded: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    in_a_row: int = 0
    last_failure: float = 0.0

    def count(self, pods: Sequence[Obj]) -> None:
        """Take in the pods as they are now. One that is deleted before it has succeeded has failed."""
        for pod in pods:
            uid, phase = pod["metadata"]["uid"], lookup(pod, "status", "phase")
            if uid in self.succeeded or uid in self.failed:
                continue
            if phase == "Succeeded":
                self.succeeded.add(uid)
                self.in_a_row = 0
            elif phase == "Failed" or is_terminating(pod):
                self.failed.add(uid)
                self.in_a_row += 1
                self.last_failure = time.monotonic()

    def pause(self) -> float:
        """The seconds until a failed pod may be replaced: 10, 20, 40 ... after it has failed."""
        if not self.in_a_row:
            return 0.0
        length = min(float(FIRST_PAUSE * 2 ** min(self.in_a_row - 1, 20)), LONGEST_PAUSE)
        return max(0.0, self.last_failure + length - time.monotonic())


class Jobs:
    """The controller of Jobs."""

    plural = "jobs"
    follows: Sequence[str] = ()

    def __init__(self, store: Store) -> None:
        self._store = store
        self._events = EventRecorder(store, "job-controller")
        self._pods = PodMaker(store, self._events)
        self._tallies: dict[str, Tally] = {}

    def sync(self, job: Obj) -> float | None:
        """Count the pods, judge, and make or delete pods accordingly."""
        if is_terminating(job):
            return None
        if finished := _has(job, *VERDICTS.values()):
            return self._forget(job, finished)
        tally, pods = self._tally(job), owned(self._store, job, "pods")
        tally.count(pods)
        active = [pod for pod in pods if is_active(pod)]
        status = dict(job.get("status") or {})
        status.setdefault("startTime", now())
        status["conditions"] = list(status.get("conditions") or ())
        self._judge(job, status, tally, pods)
        again: float | None = None
        try:
            again = self._manage(job, status, tally, active)
        finally:
            self._write(job, status, tally)
        return again

    def _forget(self, job: Obj, finished: Obj) -> float | None:
        """Delete a Job whose ttlSecondsAfterFinished are over; otherwise tell in how many seconds they are."""
        seconds = job["spec"].get("ttlSecondsAfterFinished")
        if seconds is None:
            return None
        left = seconds - seconds_since(finished["lastTransitionTime"])
        if left <= 0:
            end(self._store, self.plural, job)
        return max(left, 0.0) or None

    def _tally(self, job: Obj) -> Tally:
        if job["metadata"]["uid"] not in self._tallies:
            living = {other["metadata"]["uid"] for other in self._store.list(self.plural)}
            self._tallies = {uid: tally for uid, tally in self._tallies.items() if uid in living}
        return self._tallies.setdefault(job["metadata"]["uid"], Tally())

    def _judge(self, job: Obj, status: Obj, tally: Tally, pods: Sequence[Obj]) -> None:
        """Add the condition that says how the Job is going to end, once that is clear."""
        if _has({"status": status}, *VERDICTS):
            return
        spec = job["spec"]
        deadline = spec.get("activeDeadlineSeconds")
        if len(tally.failed) > spec["backoffLimit"] or _restarted_too_often(spec, pods):
            status["conditions"].append(_condition("FailureTarget", *TOO_MANY))
        elif deadline is not None and seconds_since(status["startTime"]) >= deadline:
            status["conditions"].append(_condition("FailureTarget", *TOO_LONG))
        elif _enough(spec, tally, any(map(is_active, pods))):
            status["conditions"].append(_condition("SuccessCriteriaMet", *REACHED))

    def _manage(self, job: Obj, status: Obj, tally: Tally, active: Sequence[Obj]) -> float | None:
        verdict = _has({"status": status}, *VERDICTS)
        wanted = 0 if verdict else _wanted(job["spec"], tally, len(active))
        for pod in sorted(active, key=lambda pod: ready_since(pod) is not None)[: max(0, len(active) - wanted)]:
            self._pods.delete(job, pod)
        if verdict:
            return None
        pause = tally.pause()
        for _ in range(0 if pause else wanted - len(active)):
            self._pods.create(job, job["spec"]["template"])
        deadline = job["spec"].get("activeDeadlineSeconds")
        left = None if deadline is None else max(0.05, deadline - seconds_since(status["startTime"]))
        return soonest([left, pause if wanted > len(active) else None])

    def _write(self, job: Obj, status: Obj, tally: Tally) -> None:
        """Write the status; the verdict becomes final when no pod of the Job runs any more."""
        pods = owned(self._store, job, "pods")
        active = [pod for pod in pods if is_active(pod)]
        leaving = sum(
            is_terminating(pod) and lookup(pod, "status", "phase") not in ("Succeeded", "Failed") for pod in pods
        )
        status |= {
            "ready": sum(ready_since(pod) is not None for pod in active),
            "terminating": leaving,
            "uncountedTerminatedPods": {},
        }
        for name, number in (("active", active), ("succeeded", tally.succeeded), ("failed", tally.failed)):
            status.pop(name, None)
            if number:
                status[name] = len(number)
        verdict = _has({"status": status}, *VERDICTS)
        if verdict and not active and not leaving:
            self._finish(job, status, verdict)
        write_status(self._store, self.plural, job, status)

    def _finish(self, job: Obj, status: Obj, verdict: Obj) -> None:
        final = _condition(VERDICTS[verdict["type"]], verdict["reason"], verdict["message"])
        status["conditions"].append(final)
        if final["type"] == "Complete":
            status["completionTime"] = now()
            self._events.record(job, "Completed", "Job completed")
        else:
            self._events.record(job, final["reason"], final["message"], warning=True)


def _condition(kind: str, reason: str, message: str) -> Obj:
    times = {"lastProbeTime": now(), "lastTransitionTime": now()}
    return {"type": kind, "status": "True", "reason": reason, "message": message, **times}


def _has(job: Obj, *kinds: str) -> Obj | None:
    """The first condition of one of these kinds that holds."""
    conditions = lookup(job, "status", "conditions") or ()
    return next((c for c in conditions if c["type"] in kinds and c["status"] == "True"), None)


def _enough(spec: Obj, tally: Tally, running: bool) -> bool:
    """Without ``completions`` one success is enough, when no pod runs any more."""
    if spec.get("completions") is None:
        return bool(tally.succeeded) and not running
    return len(tally.succeeded) >= int(spec["completions"])


def _wanted(spec: Obj, tally: Tally, active: int) -> int:
    """How many pods should run now."""
    parallelism = int(spec["parallelism"])
    if spec.get("completions") is None:
        return min(active, parallelism) if tally.succeeded else parallelism
    return max(0, min(parallelism, int(spec["completions"]) - len(tally.succeeded)))


def _restarted_too_often(spec: Obj, pods: Sequence[Obj]) -> bool:
    """With restartPolicy OnFailure the restarts of containers are the failures."""
    if spec["template"]["spec"]["restartPolicy"] != "OnFailure":
        return False
    kinds = ("initContainerStatuses", "containerStatuses")
    running = [pod for pod in pods if lookup(pod, "status", "phase") in ("Pending", "Running")]
    entries = [entry for pod in running for kind in kinds for entry in lookup(pod, "status", kind) or ()]
    restarts = sum(int(entry.get("restartCount", 0)) for entry in entries)
    return restarts > 0 if spec["backoffLimit"] == 0 else restarts >= spec["backoffLimit"]
