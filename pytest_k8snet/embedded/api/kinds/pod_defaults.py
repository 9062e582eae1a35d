"""What the API fills into a pod that does not say it (k8s.io/api ``core/v1``, ``SetDefaults_*``, and admission)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_k8snet.embedded.api.objects import Obj, clone
from pytest_k8snet.embedded.api.quantity import same_quantity

Part = dict[str, Any]

SPEC: Part = {
    "restartPolicy": "Always",
    "dnsPolicy": "ClusterFirst",
    "terminationGracePeriodSeconds": 30,
    "schedulerName": "default-scheduler",
    "serviceAccountName": "default",
    "serviceAccount": "default",
    "enableServiceLinks": True,
    "securityContext": {},
    "priority": 0,
    "preemptionPolicy": "PreemptLowerPriority",
}
OF_TEMPLATES = ("restartPolicy", "dnsPolicy", "terminationGracePeriodSeconds", "schedulerName", "securityContext")
CONTAINER: Part = {
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
PROBE: Part = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
UNREACHABLE = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
FILE_MODE = 0o644


def containers_of(spec: Part) -> Iterator[Part]:
    """Containers and init containers."""
    for key in ("initContainers", "containers"):
        yield from spec.get(key) or ()


def complete(pod: Obj) -> None:
    """Fill in the defaults of a pod's spec, in place."""
    spec = pod.setdefault("spec", {})
    if name := spec.get("serviceAccountName") or spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"] = name
    _fill(spec, SPEC)
    _tolerate(spec)
    _complete_parts(spec)


def complete_template(template: Part) -> None:
    """Fill in the defaults of a workload's pod template; what admission adds is only added to its pods."""
    template.setdefault("metadata", {})
    spec = template.setdefault("spec", {})
    _fill(spec, {key: SPEC[key] for key in OF_TEMPLATES})
    _complete_parts(spec)


def _complete_parts(spec: Part) -> None:
    if spec["terminationGracePeriodSeconds"] < 0:
        spec["terminationGracePeriodSeconds"] = 1
    for container in containers_of(spec):
        _complete_container(container, bool(spec.get("hostNetwork")))
    for volume in spec.get("volumes") or ():
        _complete_volume(volume)


def begin(pod: Obj) -> None:
    """The status of a pod that no kubelet has seen."""
    pod["status"] = {"phase": "Pending", "qosClass": qos_class(pod.get("spec") or {})}


def _fill(part: Part, defaults: Part) -> None:
    for key, value in defaults.items():
        if part.get(key) is None:
            part[key] = clone(value)


def _tolerate(spec: Part) -> None:
    """Five minutes on a node that is lost, unless the pod says otherwise (admission DefaultTolerationSeconds)."""
    tolerations = spec.get("tolerations") or []
    for taint in UNREACHABLE:
        if not any(_covers(toleration, taint) for toleration in tolerations):
            toleration = {"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            tolerations = [*tolerations, toleration]
    spec["tolerations"] = tolerations


def _covers(toleration: Part, taint: str) -> bool:
    return toleration.get("key") in (None, "", taint) and toleration.get("effect") in (None, "", "NoExecute")


def _complete_container(container: Part, host_network: bool) -> None:
    _fill(container, CONTAINER)
    image = str(container.get("image") or "")
    tagged = ":" in image.rpartition("/")[2] or "@" in image
    latest = not tagged or image.endswith(":latest")
    _fill(container, {"imagePullPolicy": "Always" if latest else "IfNotPresent"})
    for port in container.get("ports") or ():
        _fill(port, {"protocol": "TCP"})
        if host_network and not port.get("hostPort"):
            port["hostPort"] = port.get("containerPort")
    resources = container["resources"]
    if limits := resources.get("limits"):
        resources["requests"] = {**limits, **(resources.get("requests") or {})}
    for variable in container.get("env") or ():
        if reference := (variable.get("valueFrom") or {}).get("fieldRef"):
            _fill(reference, {"apiVersion": "v1"})
        if reference := (variable.get("valueFrom") or {}).get("resourceFieldRef"):
            _fill(reference, {"divisor": "0"})
    _complete_probes(container)


def _complete_probes(container: Part) -> None:
    probes = [container[key] for key in PROBES if container.get(key)]
    for probe in probes:
        _fill(probe, PROBE)
        if probe.get("grpc") is not None:
            _fill(probe["grpc"], {"service": ""})
    hooks = [hook for hook in (container.get("lifecycle") or {}).values() if isinstance(hook, dict)]
    for action in probes + hooks:
        if action.get("httpGet"):
            _fill(action["httpGet"], {"path": "/", "scheme": "HTTP"})


def _complete_volume(volume: Part) -> None:
    if not set(volume) - {"name"}:
        volume["emptyDir"] = {}
    for key in ("configMap", "secret", "downwardAPI", "projected"):
        if volume.get(key) is not None:
            _fill(volume[key], {"defaultMode": FILE_MODE})
    if volume.get("hostPath"):
        _fill(volume["hostPath"], {"type": ""})
    sources = [volume, *((volume.get("projected") or {}).get("sources") or ())]
    for source in sources:
        for item in (source.get("downwardAPI") or {}).get("items") or ():
            if item.get("fieldRef"):
                _fill(item["fieldRef"], {"apiVersion": "v1"})


def qos_class(spec: Part) -> str:
    """Guaranteed, Burstable or BestEffort, by what the containers request of CPU and memory."""
    resources = [container.get("resources") or {} for container in containers_of(spec)]
    asked = [(entry.get("requests") or {}, entry.get("limits") or {}) for entry in resources]
    if not any(key in part for pair in asked for part in pair for key in ("cpu", "memory")):
        return "BestEffort"
    guaranteed = all(
        key in limits and same_quantity(requests.get(key, limits[key]), limits[key])
        for requests, limits in asked
        for key in ("cpu", "memory")
    )
    return "Guaranteed" if guaranteed else "Burstable"
