"""The fields of an object as server-side apply names them (``fieldsV1``). Pure.

A path is a tuple of steps: ``f:name`` is a field, ``k:{"name":"web"}`` the entry of a list with these keys, ``v:"x"`` a
member of a set. What has one owner as a whole (scalars, atomic lists and maps) is one path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from .objects import Obj
from .shape import Shape

Path: TypeAlias = tuple[str, ...]

DEFAULT_KEYS: Mapping[str, Any] = {"protocol": "TCP"}
"""What a key of a list is while the entry does not say it."""

MEMBER = True
"""The value of a path that only says that an entry is there."""


def key_step(item: Any, keys: Iterable[str]) -> str:
    """The step to an entry of a list with keys."""
    values = item if isinstance(item, dict) else {}
    named = {key: values.get(key, DEFAULT_KEYS.get(key)) for key in sorted(keys)}
    return "k:" + msgspec.json.encode({key: value for key, value in named.items() if value is not None}).decode()


def value_step(item: Any) -> str:
    """The step to a member of a set."""
    return "v:" + msgspec.json.encode(item).decode()


def fields_of(value: Any, shape: Shape, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every path of a value that can be owned, with what is there."""
    if isinstance(value, dict) and value and not shape.atomic and shape.kind in ("struct", "map"):
        for key, item in value.items():
            yield from fields_of(item, shape.at(key), (*path, f"f:{key}"))
    elif isinstance(value, list) and shape.list_type == "map" and shape.keys:
        for item in value:
            step = (*path, key_step(item, shape.keys))
            yield step, MEMBER
            yield from fields_of(item, shape.at(""), step)
    elif isinstance(value, list) and shape.list_type == "set":
        for item in value:
            yield (*path, value_step(item)), MEMBER
    else:
        yield path, value


def encode(paths: Iterable[Path]) -> Obj:
    """Paths as ``fieldsV1``: nested objects, with ``.`` where a path ends and others go on."""
    tree: Obj = {}
    for path in sorted(paths):
        node = tree
        for step in path:
            node = node.setdefault(step, {})
        node["."] = {}
    return {step: _without_dots(node) for step, node in tree.items() if step != "."}


def _without_dots(node: Obj) -> Obj:
    if set(node) == {"."}:
        return {}
    return {step: {} if step == "." else _without_dots(below) for step, below in node.items()}


def decode(tree: Any, path: Path = ()) -> Iterator[Path]:
    """The paths in ``fieldsV1``. What is not an object is passed over: clients may have written it."""
    if not isinstance(tree, dict):
        return
    if path and (not tree or "." in tree):
        yield path
    for step, below in tree.items():
        if step != ".":
            yield from decode(below, (*path, step))


def readable(path: Path) -> str:
    """A path as people read it: ``.spec.containers[name="web"].image``."""
    text = ""
    for step in path:
        kind, _, rest = step.partition(":")
        if kind == "f":
            text += f".{rest}"
        elif kind == "k":
            pairs = msgspec.json.decode(rest).items()
            text += "[" + ",".join(f"{key}={msgspec.json.encode(value).decode()}" for key, value in pairs) + "]"
        else:
            text += f"[={rest}]"
    return text
