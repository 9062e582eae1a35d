"""Paths into outcomes: ``body.status.conditions[*].type``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

MISSING = object()
_PART = re.compile(r"\[([^\]]+)\]|([^.\[]+)")


def pick(value: Any, path: str) -> Any:
    """Return what is at a path, MISSING when nothing is. ``[*]`` is every element, ``[2]`` one, ``["a.b"]`` a key."""
    return _pick(value, [found[1] or found[2] for found in _PART.finditer(path)])


def _pick(value: Any, parts: list[str]) -> Any:
    if not parts:
        return value
    head, rest = parts[0].strip('"'), parts[1:]
    if head == "*" and isinstance(value, list):
        found = [_pick(entry, rest) for entry in value]
        return [entry for entry in found if entry is not MISSING]
    if isinstance(value, list) and head.isdecimal() and int(head) < len(value):
        return _pick(value[int(head)], rest)
    if isinstance(value, dict) and head in value:
        return _pick(value[head], rest)
    return MISSING


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield path and value of everything below a value. Elements of lists go by name, type or field."""
    if isinstance(value, dict) and value:
        for key, entry in value.items():
            yield from leaves(entry, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for number, entry in enumerate(value):
            yield from leaves(entry, f"{path}[{_name(entry, number, value)}]")
    else:
        yield path, value


def _name(entry: Any, number: int, among: list[Any]) -> str:
    for key in ("name", "type", "field", "mountPath"):
        if isinstance(entry, dict) and isinstance(entry.get(key), str):
            same = [other for other in among if isinstance(other, dict) and other.get(key) == entry[key]]
            if len(same) == 1:
                return str(entry[key])
    return str(number)
