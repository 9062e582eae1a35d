"""Waiting that ends as soon as the outcome is known, also when the outcome is that it will never come."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from pytest_k8snet.errors import ApiError, PodNotReady
from pytest_k8snet.kube.client import KubeApi, Object

HOPELESS_WAITING = {
    "ErrImageNeverPull": "The image is not on the node and the pull policy is Never: load it into the nodes.",
    "ErrImagePull": "The image cannot be pulled: --k8snet-image IMAGE, --k8snet-image-pull-secret NS/NAME.",
    "ImagePullBackOff": "The image cannot be pulled: --k8snet-image IMAGE, --k8snet-image-pull-secret NS/NAME.",
    "InvalidImageName": "The name of the image is not valid: --k8snet-image IMAGE.",
    "CrashLoopBackOff": "The container ends by itself: the image must bring python3.",
    "CreateContainerConfigError": "The container cannot be made as asked.",
    "CreateContainerError": "The container cannot be made as asked.",
    "RunContainerError": "The container cannot be started: the image must bring python3.",
}

JOB = "job-name"
"""The label that the Job controller gives pods; batch.kubernetes.io/job-name came beside it with Kubernetes 1.27."""

JOB_SECONDS = 5.0
"""How often a Job without a pod is asked for its events."""


class Deadline:
    """A point in time that is handed down. ``seconds`` from now."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left, never less than 0."""
        return max(0.0, self._end - time.monotonic())


def ready(pod: Object) -> bool:
    """Tell whether a pod is Ready; a missing status means not yet."""
    conditions = pod.get("status", {}).get("conditions") or []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def usable(pod: Object) -> bool:
    """Tell whether a pod is Ready and has an address."""
    return ready(pod) and bool(pod["status"].get("podIPs"))


def hopeless(pod: Object) -> tuple[str, str]:
    """Return why a pod will not become Ready and what to do, or two empty strings while it may."""
    status = pod.get("status", {})
    for container in (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or []):
        waiting = container.get("state", {}).get("waiting") or {}
        if waiting.get("reason") in HOPELESS_WAITING:
            said = f"{waiting['reason']}: {waiting.get('message', '')}".rstrip(": ")
            return f"container {container['name']} {said}", HOPELESS_WAITING[waiting["reason"]]
    for condition in status.get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable":
            hint = "Taints and selectors: --k8snet-tolerations, --k8snet-node-selector."
            return f"Unschedulable: {condition.get('message', '')}", hint
    return (over, "See its logs and events.") if (over := ended(pod)) else ("", "")


def ended(pod: Object) -> str:
    """Return how a pod has come to its end, or "" while it has not."""
    status = pod.get("status", {})
    if status.get("phase") in {"Failed", "Succeeded"}:
        said = status.get("message") or status.get("reason", "") or _exits(status)
        return f"phase {status['phase']}: {said}"
    return ""


def _exits(status: Object) -> str:
    """Return how the containers of a pod have ended."""
    ended = {
        container["name"]: container["state"]["terminated"]
        for container in status.get("containerStatuses") or []
        if (container.get("state") or {}).get("terminated")
    }
    return ", ".join(f"container {name} ended with exit code {how['exitCode']}" for name, how in ended.items())


def running(pod: Object) -> bool:
    """Tell whether the containers of a pod run and it has an address, Ready or not."""
    status = pod.get("status", {})
    states = [container.get("state") or {} for container in status.get("containerStatuses") or []]
    return bool(states and status.get("podIPs")) and all("running" in state for state in states)


def wait_for_pods(
    api: KubeApi,
    namespace: str,
    names: Collection[str],
    deadline: Deadline,
    *,
    until: Callable[[Object], bool] = usable,
) -> list[Object]:
    """Wait until pods are Ready with an address each, or as ``until`` wants them; return them in this order.

    Raises:
        PodNotReady: one will not become Ready, with its reason; or did not in time, with its last state and events.

    """
    found: dict[str, Object] = {}

    def settled() -> bool:
        for name in names:
            reason, hint = hopeless(found.get(name, {}))
            if reason:
                raise PodNotReady(f"pod {namespace}/{name} will not become Ready: {reason}", hint=hint)
        return all(until(found.get(name, {})) for name in names)

    _follow(api, "Pod", namespace, found, settled, deadline)
    if not settled():
        late = next(name for name in names if not until(found.get(name, {})))
        raise PodNotReady(
            f"pod {namespace}/{late} is not Ready after {deadline.seconds:.0f} s: {_last_state(found.get(late))}"
            f"{_events(api, namespace, late)}",
            hint=f"kubectl -n {namespace} describe pod {late}",
        )
    return [found[name] for name in names]


def wait_for_job(api: KubeApi, namespace: str, name: str, deadline: Deadline) -> Object:
    """Wait until the pod of a Job runs and return it. Raises PodNotReady: it will not, or did not in time.

    The pod of a Job that may not make one never comes; only the events of the Job say so.
    """
    found: dict[str, Object] = {}

    def pod() -> Object:
        mine = [one for one in found.values() if (one["metadata"].get("labels") or {}).get(JOB) == name]
        return mine[0] if mine else {}

    def settled() -> bool:
        reason, hint = hopeless(pod())
        if reason:
            raise PodNotReady(f"the pod of Job {namespace}/{name} will not run: {reason}", hint=hint)
        return running(pod())

    while deadline.left():
        _follow(api, "Pod", namespace, found, settled, Deadline(min(deadline.left(), JOB_SECONDS)))
        if settled():
            return pod()
        if not pod() and (events := _events(api, namespace, name)):
            raise PodNotReady(f"Job {namespace}/{name} has no pod:{events}", hint=f"kubectl -n {namespace} get events")
    raise PodNotReady(
        f"the pod of Job {namespace}/{name} does not run after {deadline.seconds:.0f} s: {_last_state(pod() or None)}"
        f"{_events(api, namespace, pod()['metadata']['name'] if pod() else name)}",
        hint=f"kubectl -n {namespace} describe job {name}",
    )


def wait_until_gone(api: KubeApi, namespaces: Collection[str], deadline: Deadline) -> list[str]:
    """Wait until namespaces are gone; return those that are not when the deadline has passed."""
    left = list(namespaces)
    while left and deadline.left() > 0:
        left = [name for name in left if _exists(api, name)]
        if left:
            time.sleep(min(0.1, deadline.left()))
    return left


def _exists(api: KubeApi, namespace: str) -> bool:
    try:
        api.get("v1", "Namespace", namespace)
    except ApiError as error:
        if error.status != 404:
            raise
        return False
    return True


def _follow(
    api: KubeApi, kind: str, namespace: str, found: dict[str, Object], settled: Callable[[], bool], deadline: Deadline
) -> None:
    """Keep ``found`` (by name) as the API says until it is settled or the deadline has passed."""
    while True:
        objects, since = api.list_for_watch("v1", kind, namespace)
        found.clear()
        found.update({obj["metadata"]["name"]: obj for obj in objects})
        if settled():
            return
        try:
            for event, obj in api.watch("v1", kind, namespace, since=since, seconds=deadline.left()):
                _note(event, obj, found)
                if settled() or deadline.left() == 0:
                    return
        except ApiError as error:
            # Cut (load balancers do that) or too old: the list that comes next tells whether the API is still there.
            if error.status not in {0, 410}:
                raise
        if deadline.left() == 0:
            return


def _note(event: str, obj: Object, found: dict[str, Object]) -> None:
    name = obj["metadata"].get("name", "")
    if event == "DELETED":
        found.pop(name, None)
    elif event in {"ADDED", "MODIFIED"}:
        found[name] = obj


def _last_state(pod: Object | None) -> str:
    if pod is None:
        return "it does not exist"
    status = pod.get("status", {})
    for container in status.get("containerStatuses") or []:
        for state, detail in (container.get("state") or {}).items():
            if state != "running":
                said = f"{detail.get('reason', '')} {detail.get('message', '')}".strip()
                return f"container {container['name']} {state}: {said}"
    return f"phase {status.get('phase', 'unknown')}"


def _events(api: KubeApi, namespace: str, pod: str) -> str:
    try:
        events = [e for e in api.objects("v1", "Event", namespace) if e.get("involvedObject", {}).get("name") == pod]
    except ApiError as error:
        return f" (its events cannot be read: {error.message})"
    return "".join(f"\n  {event.get('reason')}: {event.get('message')}" for event in events[-5:])
