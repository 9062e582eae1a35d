"""What Namespaces, ConfigMaps, Secrets, ResourceQuotas and Events must be to be stored."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_k8snet.embedded.api.checks import check_data_keys, forbidden, invalid, required
from pytest_k8snet.embedded.api.objects import Obj, labels_of, lookup, namespace_of
from pytest_k8snet.embedded.api.pod_levels import LABEL, LEVELS
from pytest_k8snet.embedded.api.quantity import parse_quantity
from pytest_k8snet.embedded.api.status import Cause

MAX_DATA = 1024 * 1024
QUOTAS = frozenset(
    [
        "configmaps",
        "cpu",
        "ephemeral-storage",
        "limits.cpu",
        "limits.ephemeral-storage",
        "limits.memory",
        "memory",
        "persistentvolumeclaims",
        "pods",
        "replicationcontrollers",
        "requests.cpu",
        "requests.ephemeral-storage",
        "requests.memory",
        "requests.storage",
        "resourcequotas",
        "secrets",
        "services",
        "services.loadbalancers",
        "services.nodeports",
    ]
)
SECRET_KEYS: Mapping[str, tuple[str, ...]] = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}


def validate_namespace(namespace: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for a Namespace: the levels of Pod Security that its labels may name."""
    for mode in ("enforce", "audit", "warn"):
        level = labels_of(namespace).get(LABEL + mode)
        if level is not None and level not in LEVELS:
            yield invalid(f"metadata.labels[{LABEL}{mode}]", level, f"must be one of {', '.join(LEVELS)}")


def validate_configmap(configmap: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for a ConfigMap."""
    data, binary = configmap.get("data") or {}, configmap.get("binaryData") or {}
    yield from check_data_keys(data, "data")
    yield from check_data_keys(binary, "binaryData")
    for key in sorted(data.keys() & binary.keys()):
        yield invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
    size = sum(len(text.encode()) for text in data.values()) + sum(len(base64.b64decode(v)) for v in binary.values())
    if size > MAX_DATA:
        yield Cause("[]", f"Too long: may not be more than {MAX_DATA} bytes", "FieldValueTooLong")
    yield from _check_immutable(configmap, old, ("data", "binaryData"))


def validate_secret(secret: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for a Secret."""
    data: dict[str, Any] = secret.get("data") or {}
    yield from check_data_keys(data, "data")
    if sum(len(base64.b64decode(value)) for value in data.values()) > MAX_DATA:
        yield Cause("data", f"Too long: may not be more than {MAX_DATA} bytes", "FieldValueTooLong")
    for key in SECRET_KEYS.get(secret.get("type", ""), ()):
        if key not in data:
            yield required(f"data[{key}]")
    if secret.get("type") == "kubernetes.io/basic-auth" and not data.keys() & {"username", "password"}:
        yield required("data[username]")
        yield required("data[password]")
    if old is not None and secret.get("type") != old.get("type"):
        yield invalid("type", secret.get("type"), "field is immutable")
    yield from _check_immutable(secret, old, ("data",))


def _check_immutable(obj: Obj, old: Obj | None, fields: tuple[str, ...]) -> Iterator[Cause]:
    if old is None or not old.get("immutable"):
        return
    for field in fields:
        if obj.get(field) != old.get(field):
            yield forbidden(field, "field is immutable when `immutable` is set")
    if not obj.get("immutable"):
        yield forbidden("immutable", "field is immutable when `immutable` is set")


def validate_quota(quota: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for a ResourceQuota."""
    for name, amount in (lookup(quota, "spec", "hard") or {}).items():
        path = f"spec.hard[{name}]"
        value = parse_quantity(amount)
        if name not in QUOTAS and "/" not in name:
            yield invalid(path, name, "must be a standard resource type or fully qualified")
            yield invalid(path, name, "must be a standard resource for quota")
        elif value is not None and value < 0:
            yield invalid(path, amount, "must be greater than or equal to 0")
        elif value is not None and value.denominator != 1 and (name == "pods" or name.startswith("count/")):
            yield invalid(path, amount, "must be an integer")


def validate_review(review: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for a SelfSubjectAccessReview, which asks about one thing."""
    spec = review.get("spec") or {}
    if (spec.get("resourceAttributes") is None) == (spec.get("nonResourceAttributes") is None):
        why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        yield invalid("spec.resourceAttributes", spec.get("resourceAttributes"), why)


def validate_event(event: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for an Event, which lies in the namespace of what it is about (``default`` for what has none)."""
    about = lookup(event, "involvedObject", "namespace") or ""
    if about != namespace_of(event) and (about or namespace_of(event) != "default"):
        yield invalid("involvedObject.namespace", about, "does not match event.namespace")
