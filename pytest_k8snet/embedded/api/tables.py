"""The ``Table`` form of objects, which is what ``kubectl get`` asks for and prints."""

from __future__ import annotations

from collections.abc import Sequence

from .objects import Obj
from .resource import Resource


def as_table(resource: Resource, objects: Sequence[Obj], metadata: Obj, *, include: str, columns: bool = True) -> Obj:
    """A Table of ``objects``. ``include`` is the request's includeObject: Metadata, Object or None."""
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [column.definition() for column in resource.columns] if columns else None,
        "rows": [_row(resource, obj, include) for obj in objects],
    }


def _row(resource: Resource, obj: Obj, include: str) -> Obj:
    row: Obj = {"cells": [column.value(obj) for column in resource.columns]}
    if include == "Object":
        row["object"] = obj
    elif include != "None":
        row["object"] = as_partial(obj)
    return row


def as_partial(obj: Obj) -> Obj:
    """The ``PartialObjectMetadata`` form of an object."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}
