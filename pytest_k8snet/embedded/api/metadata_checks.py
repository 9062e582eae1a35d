"""What ``metadata`` of any object must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .checks import check_label_map, forbidden, invalid, required
from .names import wrong_label_key, wrong_name
from .objects import Obj, is_terminating
from .resource import Resource
from .status import Cause

MAX_ANNOTATIONS = 256 * 1024


def check_metadata(obj: Obj, resource: Resource) -> Iterator[Cause]:
    """Causes for the metadata of an object."""
    metadata = obj["metadata"]
    name, namespace = metadata.get("name") or "", metadata.get("namespace") or ""
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif why := wrong_name(name, resource.name_rule):
        yield invalid("metadata.name", name, why)
    if resource.namespaced and not namespace:
        yield required("metadata.namespace")
    elif resource.namespaced and (why := wrong_name(namespace, "label")):
        yield invalid("metadata.namespace", namespace, why)
    elif namespace and not resource.namespaced:
        yield forbidden("metadata.namespace", "not allowed on this type")
    yield from check_label_map(metadata.get("labels") or {}, "metadata.labels")
    yield from _check_annotations(metadata.get("annotations") or {})
    for index, finalizer in enumerate(metadata.get("finalizers") or ()):
        yield from _check_finalizer(finalizer, f"metadata.finalizers[{index}]")
    for owner in metadata.get("ownerReferences") or ():
        yield from _check_owner(owner)


def check_new_finalizers(obj: Obj, old: Obj) -> Iterator[Cause]:
    """An object that is being deleted can only lose finalizers."""
    known = old["metadata"].get("finalizers") or ()
    new = [finalizer for finalizer in obj["metadata"].get("finalizers") or () if finalizer not in known]
    if new and is_terminating(old):
        shown = ", ".join(f'"{finalizer}"' for finalizer in new)
        why = f"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{shown}}}"
        yield forbidden("metadata.finalizers", why)


def _check_annotations(annotations: Mapping[str, str]) -> Iterator[Cause]:
    for key in annotations:
        if why := wrong_label_key(key.lower()):
            yield invalid("metadata.annotations", key, why)
    if sum(len(key) + len(value) for key, value in annotations.items()) > MAX_ANNOTATIONS:
        why = f"Too long: may not be more than {MAX_ANNOTATIONS} bytes"
        yield Cause("metadata.annotations", why, "FieldValueTooLong")


def _check_finalizer(finalizer: str, path: str) -> Iterator[Cause]:
    if why := wrong_label_key(finalizer):
        yield invalid("metadata.finalizers", finalizer, why)
    if "/" not in finalizer and finalizer not in ("foregroundDeletion", "orphan", "kubernetes"):
        yield invalid(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified")


def _check_owner(owner: Mapping[str, Any]) -> Iterator[Cause]:
    reasons = {"apiVersion": "version must not be empty", "kind": "must not be empty", "name": "must not be empty"}
    for field, why in {**reasons, "uid": "must not be empty"}.items():
        if not owner.get(field):
            yield invalid(f"metadata.ownerReferences.{field}", "", why)
