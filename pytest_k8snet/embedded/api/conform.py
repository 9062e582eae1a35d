"""Fits decoded objects to their shape: wrong types are refused, unknown fields found and left out."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from .objects import Obj, clone
from .quantity import parse_quantity
from .shape import Shape, Struct
from .status import bad_request

LIMITS = {"int32": 2**31, "int64": 2**63}
EMPTY: Mapping[str, Any] = {
    "any": None,
    "boolean": False,
    "bytes": "",
    "int32": 0,
    "int64": 0,
    "int-or-string": 0,
    "list": [],
    "map": {},
    "number": 0,
    "quantity": "0",
    "string": "",
    "struct": {},
    "time": "",
}
"""What null means as an entry of a list or map."""


class Misfit(Exception):
    """A value of the wrong type. The text says where, what was expected and what was there."""

    def __init__(self, path: str, expected: str, value: Any) -> None:
        shown = msgspec.json.encode(value).decode()
        if isinstance(value, (dict, list)):
            shown = "an object" if isinstance(value, dict) else "a list"
        super().__init__(f"{path.lstrip('.') or 'the object'}: expected {expected}, got {shown[:80]}")


def conform(obj: Obj, shape: Shape) -> tuple[Obj, list[str]]:
    """``obj`` without nulls and unknown fields, and the paths of the latter. StoreError 400 for a wrong type."""
    unknown: list[str] = []
    try:
        fitted: Obj = _fit(obj, shape, "", unknown)
    except Misfit as error:
        kind, version = obj.get("kind", "object"), obj.get("apiVersion", "v1")
        raise bad_request(f'{kind} in version "{version}" cannot be handled as a {kind}: {error}') from error
    return fitted, unknown


def _fit(value: Any, shape: Shape, path: str, unknown: list[str]) -> Any:
    if shape.struct:
        return _fit_struct(value, shape.struct, path, unknown)
    if shape.kind == "list":
        if not isinstance(value, list):
            raise Misfit(path, "a list", value)
        return [_fit_item(item, shape.at(""), f"{path}[{index}]", unknown) for index, item in enumerate(value)]
    if shape.kind == "map":
        if not isinstance(value, dict):
            raise Misfit(path, "an object", value)
        return {key: _fit_item(item, shape.at(key), f"{path}.{key}", unknown) for key, item in value.items()}
    return _SCALARS[shape.kind](value, path)


def _fit_item(value: Any, shape: Shape, path: str, unknown: list[str]) -> Any:
    """An entry of a list or map, where null means the empty value of its type."""
    if value is None:
        return clone(EMPTY[shape.kind])
    return _fit(value, shape, path, unknown)


def _fit_struct(value: Any, struct: Struct, path: str, unknown: list[str]) -> Obj:
    if not isinstance(value, dict):
        raise Misfit(path, "an object", value)
    fitted: Obj = {}
    for key, item in value.items():
        if key not in struct.fields:
            unknown.append(f"{path}.{key}".lstrip("."))
        elif item is not None:
            fitted[key] = _fit(item, struct.fields[key], f"{path}.{key}", unknown)
    return fitted


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise Misfit(path, "a string", value)
    return value


def _boolean(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise Misfit(path, "a boolean", value)
    return value


def _integer(limit: int) -> Callable[[Any, str], int]:
    def fit(value: Any, path: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Misfit(path, "an integer", value)
        if not -limit <= value < limit:
            raise Misfit(path, f"an integer of {limit.bit_length()} bits", value)
        return value

    return fit


def _number(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Misfit(path, "a number", value)
    return value


def _int_or_string(value: Any, path: str) -> int | str:
    if isinstance(value, str):
        return value
    return _integer(LIMITS["int32"])(value, path)


def _quantity(value: Any, path: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or parse_quantity(value) is None:
        raise Misfit(path, "a quantity such as 1, 100m, 64Mi", value)
    return str(value)


def _time(value: Any, path: str) -> str:
    try:
        moment = dt.datetime.fromisoformat(_text(value, path))
    except ValueError:
        moment = dt.datetime.min
    if moment.tzinfo is None:
        raise Misfit(path, "a time such as 2026-01-31T12:00:00Z", value)
    return str(value)


def _bytes(value: Any, path: str) -> str:
    try:
        base64.b64decode(_text(value, path).replace("\n", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Misfit(path, "base64", value) from error
    return str(value).replace("\n", "")


def _anything(value: Any, path: str) -> Any:
    return value


_SCALARS: dict[str, Callable[[Any, str], Any]] = {
    "any": _anything,
    "boolean": _boolean,
    "bytes": _bytes,
    "int32": _integer(LIMITS["int32"]),
    "int64": _integer(LIMITS["int64"]),
    "int-or-string": _int_or_string,
    "number": _number,
    "quantity": _quantity,
    "string": _text,
    "time": _time,
}
