"""Reads the protobuf bodies that ``kubectl create namespace`` and its like send; answers are JSON all the same.

A body is ``k8s\\0`` and a message ``Unknown`` (type, raw object). The types of fields come from the shapes of kinds;
only their numbers are here, and only for what kubectl sends this way. Anything else is refused with advice.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from .objects import Obj
from .shape import Shape, shape_of
from .status import StoreError, bad_request

MAGIC = b"k8s\x00"
MEDIA_TYPE = "application/vnd.kubernetes.protobuf"


def _numbered(text: str) -> Mapping[int, str]:
    return {int(number): name for name, _, number in (part.partition("=") for part in text.split())}


_TOP = _numbered("metadata=1 spec=2 status=3")
NUMBERS: Mapping[str, Mapping[int, str]] = {
    "ConfigMap": _numbered("metadata=1 data=2 binaryData=3 immutable=4"),
    "Container": _numbered(
        "name=1 image=2 command=3 args=4 workingDir=5 ports=6 resources=8 terminationMessagePath=13 imagePullPolicy=14 "
        "stdin=16 stdinOnce=17 tty=18 terminationMessagePolicy=20"
    ),
    "ContainerPort": _numbered("name=1 hostPort=2 containerPort=3 protocol=4 hostIP=5"),
    "Deployment": _TOP,
    "DeploymentSpec": _numbered("replicas=1 selector=2 template=3 strategy=4 minReadySeconds=5 paused=7"),
    "DeploymentStatus": _numbered(
        "observedGeneration=1 replicas=2 updatedReplicas=3 availableReplicas=4 unavailableReplicas=5 readyReplicas=7"
    ),
    "DeploymentStrategy": _numbered("type=1"),
    "Job": _TOP,
    "JobSpec": _numbered("parallelism=1 completions=2 selector=4 template=6 backoffLimit=7"),
    "JobStatus": _numbered("active=4 succeeded=5 failed=6 completedIndexes=7"),
    "LabelSelector": _numbered("matchLabels=1"),
    "Namespace": _TOP,
    "NamespaceSpec": _numbered("finalizers=1"),
    "NamespaceStatus": _numbered("phase=1 conditions=2"),
    "NonResourceAttributes": _numbered("path=1 verb=2"),
    "ObjectMeta": _numbered(
        "name=1 generateName=2 namespace=3 selfLink=4 uid=5 resourceVersion=6 generation=7 creationTimestamp=8 "
        "deletionTimestamp=9 deletionGracePeriodSeconds=10 labels=11 annotations=12 ownerReferences=13 finalizers=14"
    ),
    "PodSpec": _numbered(
        "containers=2 restartPolicy=3 dnsPolicy=6 serviceAccountName=8 serviceAccount=9 nodeName=10 hostNetwork=11 "
        "hostPID=12 hostIPC=13 hostname=16 subdomain=17 schedulerName=19 priorityClassName=24"
    ),
    "PodTemplateSpec": _numbered("metadata=1 spec=2"),
    "ResourceAttributes": _numbered("namespace=1 verb=2 group=3 version=4 resource=5 subresource=6 name=7"),
    "ResourceQuota": _TOP,
    "ResourceRequirements": _numbered("limits=1 requests=2"),
    "ResourceQuotaSpec": _numbered("hard=1 scopes=2"),
    "ResourceQuotaStatus": _numbered("hard=1 used=2"),
    "Secret": _numbered("metadata=1 data=2 type=3 stringData=4 immutable=5"),
    "SelfSubjectAccessReview": _TOP,
    "SelfSubjectAccessReviewSpec": _numbered("resourceAttributes=1 nonResourceAttributes=2"),
    "Service": _TOP,
    "ServiceAccount": _numbered("metadata=1 secrets=2 imagePullSecrets=3 automountServiceAccountToken=4"),
    "LocalObjectReference": _numbered("name=1"),
    "LoadBalancerStatus": _numbered("ingress=1"),
    "ServicePort": _numbered("name=1 protocol=2 port=3 targetPort=4 nodePort=5 appProtocol=6"),
    "ServiceSpec": _numbered(
        "ports=1 selector=2 clusterIP=3 type=4 externalIPs=5 sessionAffinity=7 loadBalancerIP=8 "
        "loadBalancerSourceRanges=9 externalName=10 externalTrafficPolicy=11 healthCheckNodePort=12 "
        "publishNotReadyAddresses=13 ipFamilyPolicy=17 clusterIPs=18 ipFamilies=19 allocateLoadBalancerNodePorts=20 "
        "loadBalancerClass=21 internalTrafficPolicy=22 trafficDistribution=23"
    ),
    "ServiceStatus": _numbered("loadBalancer=1 conditions=2"),
    "SubjectAccessReviewStatus": _numbered("allowed=1 reason=2 evaluationError=3 denied=4"),
}

ZERO_IS_UNSET = frozenset(
    [
        "generation",
        "healthCheckNodePort",
        "hostIPC",
        "hostNetwork",
        "hostPID",
        "hostPort",
        "minReadySeconds",
        "nodePort",
        "paused",
        "publishNotReadyAddresses",
        "stdin",
        "stdinOnce",
        "tty",
    ]
)
"""Fields that Go clients always send in protobuf, and leave out of JSON while they are zero."""


def decode_protobuf(data: bytes) -> Obj:
    """The object in a body. StoreError 400 when it is malformed, 415 for what this API does not read as protobuf."""
    if not data.startswith(MAGIC):
        raise bad_request("the body is not Kubernetes protobuf: it does not begin with k8s\\0")
    unknown = dict(_fields(data[len(MAGIC) :]))
    kinds = dict(_fields(_bytes(unknown.get(1, b""))))
    version, kind = _bytes(kinds.get(1, b"")).decode(), _bytes(kinds.get(2, b"")).decode()
    shape = shape_of(version, kind)
    if shape.struct is None:
        raise _unread(kind)
    obj = _struct(_bytes(unknown.get(2, b"")), shape)
    return {"metadata": {}, **obj, "apiVersion": version, "kind": kind}


def _unread(what: str) -> StoreError:
    message = f"{what} is not read as protobuf by the embedded cluster: write a manifest and use kubectl apply -f"
    return StoreError(415, "UnsupportedMediaType", message)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The numbered fields of a message: integers for varints, bytes for the rest."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise bad_request(f"the protobuf body has a field of the unknown wire type {kind}")
        if at + size > len(data):
            raise bad_request("the protobuf body ends in the middle of a field")
        yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (2**64 - 1), at
    raise bad_request("the protobuf body ends in the middle of a number")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise bad_request("the protobuf body has a number where a message should be")
    return value


def _struct(data: bytes, shape: Shape) -> Obj:
    name = shape.struct.name if shape.struct else ""
    if name not in NUMBERS:
        raise _unread(name)
    obj: Obj = {}
    for number, value in _fields(data):
        if number not in NUMBERS[name]:
            raise _unread(f"field {number} of {name}")
        field = NUMBERS[name][number]
        _store(obj, field, value, shape.at(field))
    return {key: value for key, value in obj.items() if not (value in ("", None, {}, []) or _is_unset(key, value))}


def _is_unset(field: str, value: Any) -> bool:
    return not value and field in ZERO_IS_UNSET


def _store(obj: Obj, field: str, value: int | bytes, shape: Shape) -> None:
    if shape.kind == "list":
        obj.setdefault(field, []).append(_value(value, shape.at("")))
    elif shape.kind == "map":
        entry = dict(_fields(_bytes(value)))
        obj.setdefault(field, {})[_text(entry.get(1, b""))] = _value(entry.get(2, b""), shape.at(""))
    else:
        obj[field] = _value(value, shape)


def _value(value: int | bytes, shape: Shape) -> Any:
    if shape.struct:
        return _struct(_bytes(value), shape)
    if isinstance(value, int):
        return bool(value) if shape.kind == "boolean" else _signed(value)
    if shape.kind == "bytes":
        return base64.b64encode(value).decode()
    if shape.kind in ("quantity", "int-or-string", "time"):
        return _wrapped(dict(_fields(value)), shape.kind)
    return _text(value)


def _wrapped(fields: Mapping[int, int | bytes], kind: str) -> str | int | None:
    """A scalar that is a message of its own."""
    if kind == "quantity":
        return _text(fields.get(1, b""))
    if kind == "int-or-string":
        return _text(fields.get(3, b"")) if fields.get(1, 0) else _signed(int(fields.get(2, 0)))
    seconds = _signed(int(fields.get(1, 0)))
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if fields else None


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _text(value: int | bytes) -> str:
    try:
        return _bytes(value).decode()
    except UnicodeDecodeError as error:
        raise bad_request(f"the protobuf body has text that is not UTF-8: {error}") from error
