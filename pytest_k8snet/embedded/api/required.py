"""What the shape of a kind demands of its spec: required fields that are there, and values that are allowed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .objects import Obj
from .shape import Shape
from .status import Cause

UNCHECKED = ("metadata", "status", "apiVersion", "kind")


def check_shape(obj: Obj, shape: Shape) -> Iterator[Cause]:
    """Causes for required fields that are missing and for values that an enumeration does not have."""
    if shape.struct is None:
        return
    for name, field in shape.struct.fields.items():
        if name not in UNCHECKED and name in obj:
            yield from _check(obj[name], field, name)
        elif name not in UNCHECKED and name in shape.struct.required:
            yield Cause(name, "Required value", "FieldValueRequired")


def _check(value: Any, shape: Shape, path: str) -> Iterator[Cause]:
    if shape.struct and isinstance(value, dict):
        yield from _check_struct(value, shape, path)
    elif shape.kind == "list" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _check(item, shape.at(""), f"{path}[{index}]")
    elif shape.kind == "map" and isinstance(value, dict):
        for key, item in value.items():
            yield from _check(item, shape.at(key), f"{path}[{key}]")
    elif shape.enum and value not in shape.enum:
        supported = ", ".join(f'"{choice}"' for choice in shape.enum)
        yield Cause(path, f'Unsupported value: "{value}": supported values: {supported}', "FieldValueNotSupported")


def _check_struct(value: Obj, shape: Shape, path: str) -> Iterator[Cause]:
    required = shape.struct.required if shape.struct else ()
    missing = {name for name in required if value.get(name) in (None, "")}
    for name in required:
        if name in missing:
            yield Cause(f"{path}.{name}", "Required value", "FieldValueRequired")
    for name, item in value.items():
        if name not in missing:
            yield from _check(item, shape.at(name), f"{path}.{name}")
