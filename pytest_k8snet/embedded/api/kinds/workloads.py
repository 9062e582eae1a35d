"""Deployments, ReplicaSets, DaemonSets and Jobs: their columns and defaults."""

from __future__ import annotations

import datetime as dt

from pytest_k8snet.embedded.api.columns import AGE, NAME, Cell, Column, human_duration, joined
from pytest_k8snet.embedded.api.kinds.network import selector_text
from pytest_k8snet.embedded.api.kinds.pod_defaults import complete_template
from pytest_k8snet.embedded.api.objects import Obj, is_terminating, labels_of, lookup, name_of


def _number(name: str, *path: str) -> Column:
    return Column(name, lambda obj: int(lookup(obj, *path) or 0), "integer")


def _ready(deployment: Obj) -> str:
    return f"{lookup(deployment, 'status', 'readyReplicas') or 0}/{lookup(deployment, 'spec', 'replicas') or 0}"


def _containers(key: str, title: str) -> Column:
    def read(obj: Obj) -> Cell:
        containers = lookup(obj, "spec", "template", "spec", "containers") or ()
        return joined(str(container.get(key, "")) for container in containers)

    return Column(title, read, priority=1)


WIDE = (
    _containers("name", "Containers"),
    _containers("image", "Images"),
    Column("Selector", lambda obj: selector_text(lookup(obj, "spec", "selector")), priority=1),
)


def _node_selector(daemons: Obj) -> str:
    selector = lookup(daemons, "spec", "template", "spec", "nodeSelector") or {}
    return joined(f"{key}={value}" for key, value in sorted(selector.items()))


def _job_status(job: Obj) -> str:
    holding = {c["type"] for c in lookup(job, "status", "conditions") or () if c.get("status") == "True"}
    for kind in ("Complete", "Failed"):
        if kind in holding:
            return kind
    if is_terminating(job):
        return "Terminating"
    return next((kind for kind in ("FailureTarget", "SuccessCriteriaMet") if kind in holding), "Running")


def _completions(job: Obj) -> str:
    done, wanted = lookup(job, "status", "succeeded") or 0, lookup(job, "spec", "completions")
    if wanted is not None:
        return f"{done}/{wanted}"
    parallelism = lookup(job, "spec", "parallelism") or 0
    return f"{done}/1 of {parallelism}" if parallelism > 1 else f"{done}/1"


def _duration(job: Obj) -> str:
    began, ended = lookup(job, "status", "startTime"), lookup(job, "status", "completionTime")
    if not began:
        return ""
    end = dt.datetime.fromisoformat(ended) if ended else dt.datetime.now(dt.UTC)
    return human_duration((end - dt.datetime.fromisoformat(began)).total_seconds())


TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
DEPLOYMENTS = (
    NAME,
    Column("Ready", _ready),
    _number("Up-to-date", "status", "updatedReplicas"),
    _number("Available", "status", "availableReplicas"),
    AGE,
    *WIDE,
)
REPLICASETS = (
    NAME,
    _number("Desired", "spec", "replicas"),
    _number("Current", "status", "replicas"),
    _number("Ready", "status", "readyReplicas"),
    AGE,
    *WIDE,
)
DAEMONSETS = (
    NAME,
    _number("Desired", "status", "desiredNumberScheduled"),
    _number("Current", "status", "currentNumberScheduled"),
    _number("Ready", "status", "numberReady"),
    _number("Up-to-date", "status", "updatedNumberScheduled"),
    _number("Available", "status", "numberAvailable"),
    Column("Node Selector", _node_selector),
    AGE,
    *WIDE,
)
JOBS = (
    NAME,
    Column("Status", _job_status),
    Column("Completions", _completions),
    Column("Duration", _duration),
    AGE,
    *WIDE,
)


def _fill(part: Obj, **defaults: object) -> None:
    for key, value in defaults.items():
        if part.get(key) is None:
            part[key] = value


def complete_deployment(deployment: Obj) -> None:
    """Fill in the defaults of a Deployment."""
    spec = deployment.setdefault("spec", {})
    _fill(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600, strategy={})
    _fill(spec["strategy"], type="RollingUpdate")
    if spec["strategy"]["type"] == "RollingUpdate":
        _fill(spec["strategy"], rollingUpdate={})
        _fill(spec["strategy"]["rollingUpdate"], maxSurge="25%", maxUnavailable="25%")
    complete_template(spec.setdefault("template", {}))


def complete_replicaset(replicas: Obj) -> None:
    """Fill in the defaults of a ReplicaSet."""
    spec = replicas.setdefault("spec", {})
    _fill(spec, replicas=1)
    complete_template(spec.setdefault("template", {}))


def complete_daemonset(daemons: Obj) -> None:
    """Fill in the defaults of a DaemonSet."""
    spec = daemons.setdefault("spec", {})
    _fill(spec, revisionHistoryLimit=10, updateStrategy={})
    _fill(spec["updateStrategy"], type="RollingUpdate")
    if spec["updateStrategy"]["type"] == "RollingUpdate":
        _fill(spec["updateStrategy"], rollingUpdate={})
        _fill(spec["updateStrategy"]["rollingUpdate"], maxSurge=0, maxUnavailable=1)
    complete_template(spec.setdefault("template", {}))


def begin_replicaset(replicas: Obj) -> None:
    """A new ReplicaSet has no pods yet."""
    replicas["status"] = {"replicas": 0}


def begin_daemonset(daemons: Obj) -> None:
    """A new DaemonSet runs nowhere yet, and its template is the first."""
    counts = ("currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady")
    daemons["status"] = dict.fromkeys(counts, 0)
    _number_template(daemons, 1)


def carry_daemonset(daemons: Obj, old: Obj) -> None:
    """Number the templates of a DaemonSet."""
    number = int((old["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "1"))
    same = (daemons.get("spec") or {}).get("template") == old["spec"]["template"]
    _number_template(daemons, number if same else number + 1)


def _number_template(daemons: Obj, number: int) -> None:
    metadata = daemons["metadata"]
    metadata["annotations"] = {**(metadata.get("annotations") or {}), TEMPLATE_GENERATION: str(number)}


def begin_job(job: Obj) -> None:
    """Give a new Job the labels by which it finds its pods, unless it brings a selector of its own."""
    job["status"] = {}
    spec = job.setdefault("spec", {})
    if spec.get("manualSelector"):
        return
    uid, name = job["metadata"]["uid"], name_of(job)
    prefix = "batch.kubernetes.io/"
    labels = {f"{prefix}controller-uid": uid, f"{prefix}job-name": name, "controller-uid": uid, "job-name": name}
    template = spec.setdefault("template", {}).setdefault("metadata", {})
    template["labels"] = {**(template.get("labels") or {}), **labels}
    spec["selector"] = {"matchLabels": {f"{prefix}controller-uid": uid}}


def carry_job(job: Obj, old: Obj) -> None:
    """An update that does not repeat the labels that the Job was given means those."""
    spec = job.setdefault("spec", {})
    spec.setdefault("selector", old["spec"].get("selector"))
    template = spec.setdefault("template", {}).setdefault("metadata", {})
    given = {
        key: value for key, value in labels_of(old["spec"]["template"]).items() if "job-name" in key or "uid" in key
    }
    template["labels"] = {**given, **(template.get("labels") or {})}


def complete_job(job: Obj) -> None:
    """Fill in the defaults of a Job."""
    spec = job.setdefault("spec", {})
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    _fill(spec, parallelism=1, backoffLimit=6, completionMode="NonIndexed", suspend=False, manualSelector=False)
    _fill(spec, podReplacementPolicy="TerminatingOrFailed")
    template = spec.setdefault("template", {})
    complete_template(template)
    if not labels_of(job):
        job["metadata"]["labels"] = dict(labels_of(template))
