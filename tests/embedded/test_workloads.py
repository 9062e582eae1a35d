"""Deployments, ReplicaSets, DaemonSets and Jobs do on the embedded cluster what they do on others."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from pytest_k8snet.errors import ApiError
from tests.embedded.conftest import Space, is_ready

Object = dict[str, Any]
Kubectl = Callable[..., str]

SECONDS = 15.0


@pytest.fixture
def kubectl(space: Space, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    """``kubectl(*args)`` in the test's namespace; gives what it printed, and fails when it does."""
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("kubectl is not installed: see https://kubernetes.io/docs/tasks/tools/")
    base = [program, f"--kubeconfig={space.running.kubeconfig}", f"--namespace={space.name}", "--cache-dir"]
    base.append(str(tmp_path_factory.getbasetemp() / "kubectl-cache"))

    def run(*args: str, status: int = 0) -> str:
        done = subprocess.run([*base, *args], capture_output=True, text=True, timeout=40, check=False)
        assert done.returncode == status, f"kubectl {' '.join(args)}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    return run


def template(*command: str, labels: dict[str, str] | None = None, image: str = "test", **spec: Any) -> Object:
    container = {"name": "main", "image": image, "command": list(command) or ["sleep", "1000"]}
    return {
        "metadata": {"labels": labels or {"app": "web"}},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [container], **spec},
    }


def workload(kind: str, name: str = "web", *, of: Object | None = None, **spec: Any) -> Object:
    version = "batch/v1" if kind == "Job" else "apps/v1"
    selector = {} if kind == "Job" else {"selector": {"matchLabels": {"app": "web"}}}
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name},
        "spec": {**selector, "template": of or template(), **spec},
    }


def job(*command: str, policy: str = "Never", **spec: Any) -> Object:
    return workload("Job", "work", of=template(*command, restartPolicy=policy), **spec)


def make(space: Space, obj: Object) -> Object:
    return space.api.create({**obj, "metadata": {**obj["metadata"], "namespace": space.name}})


def read(space: Space, kind: str, name: str = "web") -> Object:
    return space.api.get("batch/v1" if kind == "Job" else "apps/v1", kind, name, space.name)


def pods(space: Space) -> list[Object]:
    """The pods that are not on their way out."""
    return [pod for pod in space.api.objects("v1", "Pod", space.name) if not pod["metadata"].get("deletionTimestamp")]


def until(what: Callable[[], Any], expected: Any) -> None:
    deadline = time.monotonic() + SECONDS
    while (seen := what()) != expected:
        assert time.monotonic() < deadline, f"expected {expected!r}, seen {seen!r}"
        time.sleep(0.02)


def conditions(obj: Object) -> dict[str, tuple[str, str]]:
    return {c["type"]: (c["status"], c["reason"]) for c in obj.get("status", {}).get("conditions") or ()}


def progress(space: Space) -> tuple[str, str] | None:
    return conditions(read(space, "Deployment")).get("Progressing")


def patch(space: Space, kind: str, spec: Object) -> None:
    space.api.patch("apps/v1", kind, "web", {"spec": spec}, space.name)


def with_image(image: str) -> Object:
    return {"template": template(image=image)}


def test_kubectl_creates_scales_and_lists_a_deployment(kubectl: Kubectl) -> None:
    kubectl("create", "deployment", "web", "--image=test", "--replicas=2", "--", "sleep", "1000")
    assert 'deployment "web" successfully rolled out' in kubectl("rollout", "status", "deploy/web", "--timeout=15s")
    kubectl("scale", "deploy/web", "--replicas=3")
    kubectl("rollout", "status", "deploy/web", "--timeout=15s")
    header, row = kubectl("get", "deploy", "-o", "wide").splitlines()
    assert header.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]
    assert row.split()[:4] == ["web", "3/3", "3", "3"]
    assert row.split()[5:] == ["test", "test", "app=web"]
    header, row = kubectl("get", "rs").splitlines()
    assert header.split() == ["NAME", "DESIRED", "CURRENT", "READY", "AGE"]
    assert row.split()[1:4] == ["3", "3", "3"]
    kubectl("wait", "--for=condition=available", "deploy/web", "--timeout=5s")
    kubectl("delete", "deploy", "web")
    kubectl("wait", "--for=delete", "rs", "-l", "app=web", "--timeout=10s")
    kubectl("delete", "pods", "--all", "--grace-period=0", "--force")


def test_what_a_deployment_made_goes_with_it(space: Space) -> None:
    make(space, workload("Deployment", replicas=2))
    until(lambda: len(list(filter(is_ready, pods(space)))), 2)
    space.api.delete("apps/v1", "Deployment", "web", space.name)
    until(lambda: space.api.objects("apps/v1", "ReplicaSet", space.name), [])
    until(lambda: space.api.objects("v1", "Pod", space.name), [])


def test_an_update_keeps_the_promised_number_of_pods(space: Space) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}
    make(space, workload("Deployment", replicas=4, strategy=rolling))
    until(lambda: progress(space), ("True", "NewReplicaSetAvailable"))
    patch(space, "Deployment", with_image("second"))
    images: set[str] = set()
    here: list[Object] = []
    deadline = time.monotonic() + SECONDS
    while images != {"second"} or len(here) != 4:
        here = pods(space)
        images = {pod["spec"]["containers"][0]["image"] for pod in here}
        assert len(list(filter(is_ready, here))) >= 3
        assert len(here) <= 5
        assert time.monotonic() < deadline, images
    until(lambda: progress(space), ("True", "NewReplicaSetAvailable"))


def test_recreate_ends_all_old_pods_before_the_first_new_one(space: Space) -> None:
    make(space, workload("Deployment", replicas=2, strategy={"type": "Recreate"}))
    until(lambda: progress(space), ("True", "NewReplicaSetAvailable"))
    patch(space, "Deployment", with_image("second"))
    images: set[str] = set()
    deadline = time.monotonic() + SECONDS
    while images != {"second"}:
        images = {pod["spec"]["containers"][0]["image"] for pod in space.api.objects("v1", "Pod", space.name)}
        assert len(images) <= 1
        assert time.monotonic() < deadline, images


def test_an_update_that_cannot_work_is_late_and_can_be_undone(space: Space, kubectl: Kubectl) -> None:
    make(space, workload("Deployment", replicas=2, progressDeadlineSeconds=2))
    kubectl("rollout", "status", "deploy/web", "--timeout=15s")
    patch(space, "Deployment", with_image("does-not-exist"))
    said = kubectl("rollout", "status", "deploy/web", "--timeout=15s", status=1)
    assert 'deployment "web" exceeded its progress deadline' in said
    assert conditions(read(space, "Deployment"))["Available"][0] == "True", "the old pods are kept"
    kubectl("rollout", "undo", "deploy/web")
    kubectl("rollout", "status", "deploy/web", "--timeout=15s")
    assert {pod["spec"]["containers"][0]["image"] for pod in pods(space)} == {"test"}
    assert kubectl("rollout", "history", "deploy/web").split()[-4:] == ["2", "<none>", "3", "<none>"]


def test_a_paused_deployment_changes_its_size_but_not_its_pods(space: Space) -> None:
    make(space, workload("Deployment", replicas=1))
    until(lambda: progress(space), ("True", "NewReplicaSetAvailable"))
    patch(space, "Deployment", {"paused": True, "replicas": 2, **with_image("second")})
    until(lambda: progress(space), ("Unknown", "DeploymentPaused"))
    until(lambda: sorted(pod["spec"]["containers"][0]["image"] for pod in pods(space)), ["test", "test"])
    patch(space, "Deployment", {"paused": False})
    until(lambda: sorted(pod["spec"]["containers"][0]["image"] for pod in pods(space)), ["second", "second"])


def test_a_replicaset_replaces_a_pod_that_no_longer_matches_and_adopts_one_that_does(space: Space) -> None:
    make(space, workload("ReplicaSet", replicas=1))
    until(lambda: len(pods(space)), 1)
    first = pods(space)[0]["metadata"]["name"]
    space.api.patch("v1", "Pod", first, {"metadata": {"labels": {"app": "other"}}}, space.name)
    until(lambda: len(pods(space)), 2)
    assert not space.get(first)["metadata"].get("ownerReferences")
    space.api.patch("v1", "Pod", first, {"metadata": {"labels": {"app": "web"}}}, space.name)
    until(lambda: len(pods(space)), 1)
    (left,) = pods(space)
    assert left["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"


def test_a_pod_that_a_quota_refuses_is_told_and_made_when_there_is_room(space: Space) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few", "namespace": space.name}}
    space.api.create({**quota, "spec": {"hard": {"pods": "1"}}})
    make(space, workload("Deployment", replicas=2))
    until(lambda: conditions(read(space, "Deployment")).get("ReplicaFailure"), ("True", "FailedCreate"))
    assert any("exceeded quota: few" in message for message in space.events("FailedCreate"))
    space.api.delete("v1", "ResourceQuota", "few", space.name)
    until(lambda: read(space, "Deployment")["status"].get("availableReplicas"), 2)
    until(lambda: conditions(read(space, "Deployment")).get("ReplicaFailure"), None)


def test_a_daemonset_has_one_pod_on_each_node_that_it_selects(space: Space, kubectl: Kubectl) -> None:
    label = f"tests/{space.name}"
    make(space, workload("DaemonSet", of=template(nodeSelector={label: "yes"})))
    until(lambda: read(space, "DaemonSet").get("status", {}).get("desiredNumberScheduled"), 0)
    for node in ("node-1", "node-3"):
        space.api.patch("v1", "Node", node, {"metadata": {"labels": {label: "yes"}}})
    kubectl("rollout", "status", "ds/web", "--timeout=15s")
    until(lambda: sorted(pod["spec"].get("nodeName", "") for pod in pods(space)), ["node-1", "node-3"])
    until(lambda: read(space, "DaemonSet")["status"].get("numberAvailable"), 2)
    header, row = kubectl("get", "ds").splitlines()
    assert header.split()[:6] == ["NAME", "DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE"]
    assert row.split()[:7] == ["web", "2", "2", "2", "2", "2", f"{label}=yes"]
    space.api.patch("v1", "Node", "node-1", {"metadata": {"labels": {label: None}}})
    until(lambda: [pod["spec"]["nodeName"] for pod in pods(space)], ["node-3"])
    space.api.patch("v1", "Node", "node-3", {"metadata": {"labels": {label: None}}})


def test_daemons_are_updated_one_node_after_the_other(space: Space) -> None:
    make(space, workload("DaemonSet"))
    until(lambda: read(space, "DaemonSet").get("status", {}).get("numberAvailable"), 3)
    patch(space, "DaemonSet", with_image("second"))
    images: list[str] = []
    deadline = time.monotonic() + SECONDS
    while images != ["second"] * 3:
        here = pods(space)
        images = [pod["spec"]["containers"][0]["image"] for pod in here]
        assert len(list(filter(is_ready, here))) >= 2
        assert time.monotonic() < deadline, images
    until(lambda: read(space, "DaemonSet")["status"].get("updatedNumberScheduled"), 3)


def test_a_cordoned_node_keeps_its_daemon(space: Space) -> None:
    make(space, workload("DaemonSet"))
    until(lambda: len(list(filter(is_ready, pods(space)))), 3)
    before = {pod["metadata"]["uid"] for pod in pods(space)}
    space.api.patch("v1", "Node", "node-2", {"spec": {"unschedulable": True}})
    try:
        patch(space, "DaemonSet", {"minReadySeconds": 1})
        until(lambda: read(space, "DaemonSet")["status"]["observedGeneration"], 2)
        assert {pod["metadata"]["uid"] for pod in pods(space)} == before
    finally:
        space.api.patch("v1", "Node", "node-2", {"spec": {"unschedulable": None}})


def test_a_job_is_complete_when_enough_pods_have_succeeded(space: Space, kubectl: Kubectl) -> None:
    make(space, job("true", completions=3, parallelism=2))
    kubectl("wait", "--for=condition=complete", "job/work", "--timeout=15s")
    status = read(space, "Job", "work")["status"]
    assert (status["succeeded"], status["ready"], status["terminating"]) == (3, 0, 0)
    assert status["completionTime"] >= status["startTime"]
    reached = ("True", "CompletionsReached")
    assert conditions({"status": status}) == {"SuccessCriteriaMet": reached, "Complete": reached}
    header, row = kubectl("get", "jobs").splitlines()
    assert header.split() == ["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE"]
    assert row.split()[:3] == ["work", "Complete", "3/3"]
    assert space.events("Completed") == ["Job completed"]


def test_a_job_never_runs_more_pods_than_its_parallelism(space: Space) -> None:
    make(space, job("sleep", "0.3", completions=4, parallelism=2))
    running: list[int] = []
    deadline = time.monotonic() + SECONDS
    while "Complete" not in conditions(read(space, "Job", "work")):
        running.append(sum(pod["status"]["phase"] in ("Pending", "Running") for pod in pods(space)))
        assert time.monotonic() < deadline
    assert max(running) == 2
    assert len(pods(space)) == 4


@pytest.mark.parametrize("policy", ["Never", "OnFailure"])
def test_a_job_has_failed_when_too_many_pods_have(space: Space, kubectl: Kubectl, policy: str) -> None:
    make(space, job("false", policy=policy, backoffLimit=0))
    kubectl("wait", "--for=condition=failed", "job/work", "--timeout=15s")
    exceeded = ("True", "BackoffLimitExceeded")
    assert conditions(read(space, "Job", "work")) == {"FailureTarget": exceeded, "Failed": exceeded}
    assert kubectl("get", "job", "work", "--no-headers").split()[1:3] == ["Failed", "0/1"]
    assert space.events("BackoffLimitExceeded") == ["Job has reached the specified backoff limit"]


def test_a_finished_job_goes_when_its_time_is_over(space: Space) -> None:
    space.api.create(job("true", ttlSecondsAfterFinished=0) | {"metadata": {"name": "work", "namespace": space.name}})
    space.api.wait_gone("batch/v1", "Job", "work", space.name, seconds=SECONDS)


def test_a_job_that_takes_too_long_fails_and_its_pods_end(space: Space) -> None:
    make(space, job("sleep", "1000", activeDeadlineSeconds=1))
    until(lambda: conditions(read(space, "Job", "work")).get("Failed"), ("True", "DeadlineExceeded"))
    until(lambda: space.api.objects("v1", "Pod", space.name), [])


def test_kubectl_creates_a_job_and_finds_its_log(kubectl: Kubectl) -> None:
    kubectl("create", "job", "hello", "--image=test", "--", "echo", "good morning")
    kubectl("wait", "--for=condition=complete", "job/hello", "--timeout=15s")
    assert kubectl("logs", "job/hello") == "good morning\n"
    kubectl("delete", "job", "hello")
    kubectl("wait", "--for=delete", "pods", "-l", "job-name=hello", "--timeout=10s")


@pytest.mark.parametrize(
    ("obj", "says"),
    [
        (
            workload("Deployment", of=template(labels={"app": "other"})),
            'spec.template.metadata.labels: Invalid value: {\\"app\\":\\"other\\"}: '
            "`selector` does not match template `labels`",
        ),
        (workload("Deployment", replicas=-1), "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        (workload("Deployment", selector=None), "spec.selector: Required value"),
        (
            workload("DaemonSet", of=template(restartPolicy="Never")),
            'spec.template.spec.restartPolicy: Unsupported value: \\"Never\\"',
        ),
        (workload("ReplicaSet", of=template(containers=[])), "spec.template.spec.containers: Required value"),
        (workload("Job"), "spec.template.spec.restartPolicy: Required value: valid values"),
        (job("true", completionMode="Indexed"), 'spec.completionMode: Unsupported value: \\"Indexed\\"'),
    ],
)
def test_what_cannot_work_is_refused_with_the_field(space: Space, obj: Object, says: str) -> None:
    with pytest.raises(ApiError) as refused:
        make(space, obj)
    assert refused.value.status == 422
    assert json.loads(f'"{says}"') in refused.value.message


def test_the_selector_of_a_deployment_cannot_be_changed(space: Space) -> None:
    make(space, workload("Deployment", replicas=0))
    with pytest.raises(ApiError, match="field is immutable"):
        patch(
            space,
            "Deployment",
            {"selector": {"matchLabels": {"tier": "x"}}, "template": template(labels={"tier": "x"})},
        )


def test_an_owner_that_orphans_leaves_its_replicaset(space: Space, kubectl: Kubectl) -> None:
    make(space, workload("Deployment", replicas=1))
    until(lambda: progress(space), ("True", "NewReplicaSetAvailable"))
    kubectl("delete", "deploy", "web", "--cascade=orphan")
    (left,) = space.api.objects("apps/v1", "ReplicaSet", space.name)
    assert not left["metadata"].get("ownerReferences")
    assert len(pods(space)) == 1
