"""What Deployments, ReplicaSets, DaemonSets and Jobs must be to be stored (``apps`` and ``batch`` validation)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pytest_k8snet.embedded.api.checks import (
    check_label_map,
    check_selector,
    check_unchanged,
    forbidden,
    invalid,
    required,
    unsupported,
)
from pytest_k8snet.embedded.api.kinds import pod_checks
from pytest_k8snet.embedded.api.objects import Obj, labels_of, lookup
from pytest_k8snet.embedded.api.selectors import selector_matches
from pytest_k8snet.embedded.api.status import Cause

NOT_NEGATIVE = "must be greater than or equal to 0"
COUNTS_OF_JOBS = ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished")
PERCENT = re.compile(r"\d{1,3}%")


def validate_deployment(deployment: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for a Deployment."""
    spec = deployment["spec"]
    yield from _check_common(deployment, old, ("replicas", "minReadySeconds", "revisionHistoryLimit"))
    if spec["progressDeadlineSeconds"] <= (spec.get("minReadySeconds") or 0):
        why = "must be greater than minReadySeconds"
        yield invalid("spec.progressDeadlineSeconds", spec["progressDeadlineSeconds"], why)
    strategy = spec["strategy"]
    if strategy["type"] == "Recreate" and strategy.get("rollingUpdate"):
        why = "may not be specified when strategy `type` is 'Recreate'"
        yield forbidden("spec.strategy.rollingUpdate", why)
    elif strategy["type"] == "RollingUpdate":
        yield from _check_rolling(strategy["rollingUpdate"], "spec.strategy.rollingUpdate")


def validate_replicaset(replicas: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for a ReplicaSet."""
    yield from _check_common(replicas, old, ("replicas", "minReadySeconds"))


def validate_daemonset(daemons: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for a DaemonSet."""
    yield from _check_common(daemons, old, ("minReadySeconds", "revisionHistoryLimit"))
    if daemons["spec"]["template"]["spec"].get("activeDeadlineSeconds") is not None:
        why = "activeDeadlineSeconds in DaemonSet is not Supported"
        yield forbidden("spec.template.spec.activeDeadlineSeconds", why)
    rolling = lookup(daemons, "spec", "updateStrategy", "rollingUpdate")
    if rolling and rolling.get("maxSurge") not in (0, "0%"):
        why = "the embedded cluster replaces a node's daemon pod by ending the old one first"
        yield forbidden("spec.updateStrategy.rollingUpdate.maxSurge", why)
    elif rolling:
        yield from _check_rolling(rolling, "spec.updateStrategy.rollingUpdate")


def validate_job(job: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for a Job."""
    spec = job["spec"]
    yield from _check_counts(spec, COUNTS_OF_JOBS)
    if spec["completionMode"] != "NonIndexed":
        yield unsupported("spec.completionMode", spec["completionMode"], ["NonIndexed"])
    for field in ("podFailurePolicy", "successPolicy", "managedBy", "backoffLimitPerIndex"):
        if spec.get(field) is not None:
            yield forbidden(f"spec.{field}", "the embedded cluster has no such Jobs")
    if spec["suspend"]:
        yield unsupported("spec.suspend", "true", ["false"])
    policy = lookup(spec, "template", "spec", "restartPolicy")
    if policy not in ("OnFailure", "Never"):
        yield required("spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')
    yield from _check_selected(spec)
    yield from _check_template(spec["template"])
    if old is not None:
        yield from check_unchanged(spec.get("selector"), old["spec"].get("selector"), "spec.selector")
        yield from check_unchanged(spec["template"], old["spec"]["template"], "spec.template")
        yield from check_unchanged(spec.get("completions"), old["spec"].get("completions"), "spec.completions")


def _check_common(obj: Obj, old: Obj | None, counts: tuple[str, ...]) -> Iterator[Cause]:
    """What Deployments, ReplicaSets and DaemonSets have in common."""
    spec = obj["spec"]
    yield from _check_counts(spec, counts)
    yield from _check_selected(spec, obj["kind"].lower())
    policy = spec["template"]["spec"]["restartPolicy"]
    if policy != "Always":
        yield unsupported("spec.template.spec.restartPolicy", policy, ["Always"])
    yield from _check_template(spec["template"])
    if old is not None:
        yield from check_unchanged(spec.get("selector"), old["spec"].get("selector"), "spec.selector")


def _check_counts(spec: Obj, names: tuple[str, ...]) -> Iterator[Cause]:
    for name in names:
        if (spec.get(name) or 0) < 0:
            yield invalid(f"spec.{name}", spec[name], NOT_NEGATIVE)


def _check_selected(spec: Obj, owner: str = "") -> Iterator[Cause]:
    """A workload must select the pods that it makes, or it would make more and more of them."""
    selector = spec.get("selector") or {}
    if not selector:
        if "selector" in spec:
            yield invalid("spec.selector", selector, f"empty selector is invalid{owner and f' for {owner}'}")
        return
    wrong = [*check_selector(selector, "spec.selector")]
    yield from wrong
    labels = labels_of(spec["template"])
    if not wrong and not selector_matches(selector, labels):
        yield invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")


def _check_template(template: Obj) -> Iterator[Cause]:
    yield from check_label_map(labels_of(template), "spec.template.labels")
    if "containers" in template["spec"]:  # otherwise its shape has said so
        for cause in pod_checks.validate(template, None):
            yield replace(cause, field=f"spec.template.{cause.field}")


def _check_rolling(rolling: Obj, path: str) -> Iterator[Cause]:
    for name in ("maxUnavailable", "maxSurge"):
        value: Any = rolling.get(name)
        if isinstance(value, str) and not PERCENT.fullmatch(value):
            why = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%')"
            yield invalid(f"{path}.{name}", value, why)
        elif isinstance(value, int) and value < 0:
            yield invalid(f"{path}.{name}", value, NOT_NEGATIVE)
    if {str(rolling.get(name)) for name in ("maxUnavailable", "maxSurge")} <= {"0", "0%"}:
        unavailable = rolling.get("maxUnavailable")
        yield invalid(f"{path}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0")
