"""Metadata of objects on their way into the store: what a client may set, and what the API sets itself."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable
from typing import Any

from . import status
from .metadata_checks import check_metadata, check_new_finalizers
from .objects import Obj, name_of, now
from .required import check_shape
from .resource import Resource
from .shape import shape_of

SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated names: without vowels and without digits that look like letters."""

OWNED_BY_API = ("uid", "resourceVersion", "creationTimestamp", "generation", "deletionTimestamp", "selfLink")


def new_name(prefix: str, taken: Callable[[str], bool]) -> str:
    """A free name for ``metadata.generateName``: the prefix, cut to 58 characters, and five random ones."""
    while True:
        name = prefix[:58] + "".join(random.choices(SUFFIX, k=5))
        if not taken(name):
            return name


def prepare_new(resource: Resource, obj: Obj, taken: Callable[[str], bool]) -> Obj:
    """Turn what a client sent into a complete object; ``taken`` tells which names must not be generated.

    Raises StoreError 422 with all that is wrong with it.
    """
    metadata = {key: value for key, value in obj["metadata"].items() if key not in OWNED_BY_API and value is not None}
    obj = {"apiVersion": resource.api_version, "kind": resource.kind, **obj, "metadata": metadata}
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = new_name(str(metadata["generateName"]), taken)
    metadata["uid"] = str(uuid.uuid4())
    metadata["creationTimestamp"] = now()
    if resource.has_generation:
        metadata["generation"] = 1
    resource.begin(obj)
    resource.complete(obj)
    check(resource, obj, None)
    return obj


def prepare_update(resource: Resource, obj: Obj, old: Obj, subresource: str) -> Obj:
    """What is stored when ``obj`` is written over ``old``; StoreError 422 for what is wrong or must not change."""
    kept = {key: old["metadata"][key] for key in OWNED_BY_API if key in old["metadata"]}
    metadata = {key: value for key, value in obj["metadata"].items() if key not in OWNED_BY_API and value}
    if "deletionGracePeriodSeconds" in old["metadata"]:
        kept["deletionGracePeriodSeconds"] = old["metadata"]["deletionGracePeriodSeconds"]
    if subresource == "status":
        managed = {"managedFields": metadata["managedFields"]} if "managedFields" in metadata else {}
        return {**old, "status": obj.get("status") or {}, "metadata": {**old["metadata"], **managed}}
    obj = {**obj, "apiVersion": resource.api_version, "kind": resource.kind, "metadata": {**metadata, **kept}}
    if resource.has_status and "status" in old:
        obj["status"] = old["status"]
    elif resource.has_status:
        obj.pop("status", None)
    resource.carry(obj, old)
    resource.complete(obj)
    check(resource, obj, old)
    if resource.has_generation and obj.get("spec") != old.get("spec"):
        obj["metadata"]["generation"] = old["metadata"].get("generation", 1) + 1
    return obj


def check(resource: Resource, obj: Obj, old: Obj | None) -> None:
    """Raise StoreError 422 naming every wrong field of ``obj``."""
    shape = shape_of(resource.api_version, resource.kind)
    causes = [*check_metadata(obj, resource), *check_shape(obj, shape), *resource.validate(obj, old)]
    causes += check_new_finalizers(obj, old) if old else ()
    if causes:
        raise status.invalid(resource.qualified_kind, name_of(obj), causes)


def check_version(resource: Resource, old: Obj, metadata: dict[str, Any]) -> None:
    """Raise StoreError 409 when a writer saw another version or another object of the same name."""
    name = name_of(old)
    if (seen := metadata.get("resourceVersion")) and seen != old["metadata"]["resourceVersion"]:
        why = "the object has been modified; please apply your changes to the latest version and try again"
        raise status.conflict(resource.qualified, name, why)
    if (uid := metadata.get("uid")) and uid != old["metadata"]["uid"]:
        why = (
            f"the UID in the precondition ({uid}) does not match the UID in record ({old['metadata']['uid']}). "
            "The object might have been deleted and then recreated"
        )
        raise status.conflict(resource.kind, name, why)


def mark_deleted(obj: Obj, grace: int) -> None:
    """Say in an object, in place, that it will be gone in ``grace`` seconds."""
    end = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=grace)
    obj["metadata"]["deletionTimestamp"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
    obj["metadata"]["deletionGracePeriodSeconds"] = grace
    if obj["kind"] == "Namespace":
        obj["status"] = {**obj.get("status", {}), "phase": "Terminating"}
