"""Waiting ends as soon as the outcome is known, and says which pod and why."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from pytest_k8snet.errors import ApiError, PodNotReady
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.wait import (
    HOPELESS_WAITING,
    Deadline,
    hopeless,
    ready,
    wait_for_job,
    wait_for_pods,
    wait_until_gone,
)

Object = dict[str, Any]


def _pod(name: str, **status: Any) -> Object:
    return {"metadata": {"name": name}, "status": status} if status else {"metadata": {"name": name}}


def _ready(name: str, address: str = "10.0.0.1") -> Object:
    conditions = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}]
    return _pod(name, phase="Running", conditions=conditions, podIPs=[{"ip": address}])


def _waiting(name: str, reason: str, message: str = "") -> Object:
    state = {"waiting": {"reason": reason, "message": message}}
    return _pod(name, phase="Pending", containerStatuses=[{"name": "agent", "state": state}])


class FakeApi:
    """Lists pods as they are, then tells what happens: each watch takes the next of ``watches``, events or an error."""

    def __init__(self, *pods: Object, watches: tuple[object, ...] = (), events: list[Object] | None = None) -> None:
        self.pods = {pod["metadata"]["name"]: pod for pod in pods}
        self.watches = iter(watches)
        self.events = events
        self.lists = 0

    def list_for_watch(self, api_version: str, kind: str, namespace: str) -> tuple[list[Object], str]:
        self.lists += 1
        return [*self.pods.values()], "17"

    def watch(self, *what: str, since: str, seconds: float) -> Iterator[tuple[str, Object]]:
        assert since == "17"
        happens = next(self.watches, ())
        if isinstance(happens, ApiError):
            raise happens
        for event, pod in cast(tuple[tuple[str, Object], ...], happens):
            self.pods[pod["metadata"]["name"]] = pod
            yield event, pod

    def objects(self, api_version: str, kind: str, namespace: str) -> list[Object]:
        if self.events is None:
            raise ApiError("list Event in namespace ns: forbidden", status=403)
        return self.events


def _wait(api: FakeApi, *names: str, seconds: float = 0.05) -> list[Object]:
    return wait_for_pods(cast(KubeApi, api), "ns", names, Deadline(seconds))


def _failure(api: FakeApi, *names: str, seconds: float = 0.05) -> PodNotReady:
    with pytest.raises(PodNotReady) as error:
        _wait(api, *names, seconds=seconds)
    return error.value


def test_pods_that_are_ready_come_in_the_order_asked_for() -> None:
    a, b = _ready("a"), _ready("b")
    assert _wait(FakeApi(a, b), "b", "a") == [b, a]


def test_pods_become_ready_one_after_the_other() -> None:
    happens = [("MODIFIED", _ready("b")), ("ADDED", _ready("c")), ("MODIFIED", _ready("a"))]
    api = FakeApi(_pod("a"), _pod("b", phase="Pending"), watches=(happens,))
    assert [pod["metadata"]["name"] for pod in _wait(api, "a", "b", "c", seconds=10)] == ["a", "b", "c"]
    assert api.lists == 1


def test_what_happens_to_other_pods_does_not_matter() -> None:
    happens = [("ADDED", _waiting("x", "ImagePullBackOff")), ("DELETED", _pod("x")), ("MODIFIED", _ready("a"))]
    assert _wait(FakeApi(_pod("a"), watches=(happens,)), "a", seconds=10) == [_ready("a")]


def test_a_bookmark_changes_nothing() -> None:
    class Api(FakeApi):
        def watch(self, *what: str, since: str, seconds: float) -> Iterator[tuple[str, Object]]:
            yield "BOOKMARK", {"metadata": {"resourceVersion": "18"}}
            yield "MODIFIED", _ready("a")

    assert _wait(Api(_pod("a")), "a", seconds=10) == [_ready("a")]


@pytest.mark.parametrize(
    "error",
    [ApiError("too old resource version", status=410), ApiError("the API stopped answering")],
    ids=["too-old", "cut"],
)
def test_a_watch_that_ends_badly_is_begun_anew(error: ApiError) -> None:
    api = FakeApi(_pod("a"), watches=(error, (), [("MODIFIED", _ready("a"))]))
    assert _wait(api, "a", seconds=10) == [_ready("a")]
    assert api.lists == 3


def test_a_watch_that_is_refused_ends_the_wait() -> None:
    with pytest.raises(ApiError, match="forbidden"):
        _wait(FakeApi(_pod("a"), watches=(ApiError("forbidden", status=403),)), "a", seconds=10)


@pytest.mark.parametrize("reason", HOPELESS_WAITING)
def test_a_container_that_will_not_start_ends_the_wait_with_its_reason(reason: str) -> None:
    began = time.monotonic()
    error = _failure(FakeApi(_ready("a"), _waiting("b", reason, "the message")), "a", "b", seconds=60)
    assert error.message == f"pod ns/b will not become Ready: container agent {reason}: the message"
    assert error.hint == HOPELESS_WAITING[reason]
    assert time.monotonic() - began < 5


def test_an_image_that_cannot_be_pulled_names_the_options_that_help() -> None:
    hint = _failure(FakeApi(_waiting("a", "ImagePullBackOff", "not found")), "a").hint
    assert "--k8snet-image IMAGE" in hint
    assert "--k8snet-image-pull-secret NS/NAME" in hint


def test_a_reason_without_a_message_ends_without_a_colon() -> None:
    assert hopeless(_waiting("a", "CrashLoopBackOff"))[0] == "container agent CrashLoopBackOff"


def test_an_init_container_that_will_not_start_ends_the_wait_too() -> None:
    status = {"name": "first", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    assert hopeless(_pod("a", initContainerStatuses=[status]))[0] == "container first CrashLoopBackOff"


def test_a_pod_that_fits_no_node_ends_the_wait_with_the_schedulers_words() -> None:
    said = "0/3 nodes are available: 3 node(s) had untolerated taint"
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": said}
    error = _failure(FakeApi(_pod("a", conditions=[condition])), "a", seconds=60)
    assert f"Unschedulable: {said}" in error.message
    assert "--k8snet-tolerations" in error.hint


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_pod_that_has_ended_ends_the_wait(phase: str) -> None:
    error = _failure(FakeApi(_pod("a", phase=phase, reason="Evicted")), "a", seconds=60)
    assert f"phase {phase}: Evicted" in error.message


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing"])
def test_a_pod_that_is_on_its_way_is_not_hopeless(reason: str) -> None:
    assert hopeless(_waiting("a", reason)) == ("", "")


@pytest.mark.parametrize("pod", [{}, _pod("a"), _pod("a", phase="Pending"), _pod("a", conditions=None)])
def test_a_missing_status_means_not_yet(pod: Object) -> None:
    assert not ready(pod)
    assert hopeless(pod) == ("", "")


def test_in_the_end_the_state_and_the_events_of_the_late_pod_are_said() -> None:
    def event(pod: str, number: int) -> Object:
        return {"involvedObject": {"name": pod}, "reason": f"Reason{number}", "message": "said"}

    events = [event("b", 0), *(event("a", number) for number in range(1, 8))]
    error = _failure(FakeApi(_ready("b"), _waiting("a", "ContainerCreating"), events=events), "b", "a")
    first, *rest = error.message.splitlines()
    assert first == "pod ns/a is not Ready after 0 s: container agent waiting: ContainerCreating"
    assert rest == [f"  Reason{number}: said" for number in range(3, 8)]
    assert error.hint == "kubectl -n ns describe pod a"


@pytest.mark.parametrize(
    ("pods", "state"),
    [
        ((), "it does not exist"),
        ((_pod("a"),), "phase unknown"),
        ((_pod("a", phase="Pending"),), "phase Pending"),
        (
            (_pod("a", containerStatuses=[{"name": "agent", "state": {"terminated": {"reason": "Error"}}}]),),
            "container agent terminated: Error",
        ),
        ((_pod("a", phase="Running", conditions=[{"type": "Ready", "status": "True"}]),), "phase Running"),
    ],
)
def test_the_last_state_of_a_late_pod_is_told(pods: tuple[Object, ...], state: str) -> None:
    assert f"is not Ready after 0 s: {state}" in _failure(FakeApi(*pods, events=[]), "a").message


def test_events_that_cannot_be_read_hide_no_reason() -> None:
    message = _failure(FakeApi(_pod("a")), "a").message
    assert "is not Ready after 0 s" in message
    assert "its events cannot be read: list Event in namespace ns: forbidden" in message


def test_a_pod_that_is_deleted_while_it_is_waited_for_does_not_exist() -> None:
    class Api(FakeApi):
        def watch(self, *what: str, since: str, seconds: float) -> Iterator[tuple[str, Object]]:
            self.pods.clear()
            yield "DELETED", _pod("a")

    assert "it does not exist" in _failure(Api(_pod("a"), events=[]), "a").message


@pytest.fixture
def namespaces() -> Callable[..., KubeApi]:
    """An API in which namespaces are found as often as said, and then no more."""

    class Api:
        def __init__(self, **times: float) -> None:
            self._times = times

        def get(self, api_version: str, kind: str, name: str) -> Object:
            self._times[name] -= 1
            if self._times[name] < 0:
                raise ApiError(f"get Namespace {name}: not found", status=404)
            return {}

    return lambda **times: cast(KubeApi, Api(**times))


def test_namespaces_are_waited_for_until_all_are_gone(namespaces: Callable[..., KubeApi]) -> None:
    assert wait_until_gone(namespaces(a=0, b=1), ["a", "b"], Deadline(10)) == []


def test_namespaces_that_stay_are_told(namespaces: Callable[..., KubeApi]) -> None:
    began = time.monotonic()
    assert wait_until_gone(namespaces(a=0, b=float("inf")), ["a", "b"], Deadline(0.05)) == ["b"]
    assert time.monotonic() - began < 2


def test_an_api_that_refuses_to_tell_is_an_error() -> None:
    class Api:
        def get(self, *what: str) -> Object:
            raise ApiError("get Namespace a: forbidden", status=403)

    with pytest.raises(ApiError, match="forbidden"):
        wait_until_gone(cast(KubeApi, Api()), ["a"], Deadline(10))


def test_a_deadline_never_has_less_than_nothing_left() -> None:
    assert Deadline(-1).left() == 0.0
    assert 0 < Deadline(60).left() <= 60


def _of_job(pod: Object, job: str = "job") -> Object:
    pod["metadata"]["labels"] = {"job-name": job}
    return pod


def _running(name: str) -> Object:
    state = [{"name": "main", "state": {"running": {}}}]
    return _pod(name, phase="Running", containerStatuses=state, podIPs=[{"ip": "10.0.0.1"}])


def _job_failure(api: FakeApi) -> PodNotReady:
    with pytest.raises(PodNotReady) as error:
        wait_for_job(cast(KubeApi, api), "ns", "job", Deadline(0.05))
    return error.value


def test_the_pod_of_a_job_is_found_by_its_label() -> None:
    happens = [("ADDED", _of_job(_running("other-1"), "other")), ("ADDED", _of_job(_running("job-x")))]
    found = wait_for_job(cast(KubeApi, FakeApi(watches=(happens,))), "ns", "job", Deadline(10))
    assert found["metadata"]["name"] == "job-x"


def test_a_job_whose_pod_fits_nowhere_is_not_waited_for() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    error = _job_failure(FakeApi(_of_job(_pod("job-x", phase="Pending", conditions=[condition]))))
    assert "the pod of Job ns/job will not run: Unschedulable: 0/3 nodes" in error.message


def test_a_job_whose_container_has_ended_says_how() -> None:
    state = [{"name": "iperf3", "state": {"terminated": {"exitCode": 127}}}]
    error = _job_failure(FakeApi(_of_job(_pod("job-x", phase="Failed", containerStatuses=state))))
    assert "container iperf3 ended with exit code 127" in error.message


def test_a_job_that_may_make_no_pod_is_explained_by_its_events() -> None:
    event = {"involvedObject": {"name": "job"}, "reason": "FailedCreate", "message": "exceeded quota: none"}
    error = _job_failure(FakeApi(events=[event]))
    assert "has no pod" in error.message
    assert "exceeded quota: none" in error.message


def test_a_job_that_is_late_is_told_with_the_state_of_its_pod() -> None:
    error = _job_failure(FakeApi(_of_job(_waiting("job-x", "ContainerCreating"))))
    assert "does not run after 0 s: container agent waiting: ContainerCreating" in error.message
