"""Server-side apply: merging what a manager wants into an object, and taking out what it no longer wants. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from .fieldsets import Path, key_step, value_step
from .objects import clone
from .shape import Shape


def merge(live: Any, wanted: Any, shape: Shape) -> Any:
    """``live`` with everything that ``wanted`` has; entries of lists with keys are found by their keys."""
    if isinstance(live, dict) and isinstance(wanted, dict) and not shape.atomic and shape.kind in ("struct", "map"):
        return {**live, **{key: merge(live.get(key), value, shape.at(key)) for key, value in wanted.items()}}
    if isinstance(live, list) and isinstance(wanted, list) and shape.list_type == "map" and shape.keys:
        return _merge_entries(live, wanted, shape)
    if isinstance(live, list) and isinstance(wanted, list) and shape.list_type == "set":
        return live + [clone(item) for item in wanted if item not in live]
    return clone(wanted)


def _merge_entries(live: list[Any], wanted: list[Any], shape: Shape) -> list[Any]:
    entries = {key_step(item, shape.keys): item for item in live}
    for item in wanted:
        step = key_step(item, shape.keys)
        entries[step] = merge(entries.get(step), item, shape.at(""))
    return list(entries.values())


def prune(value: Any, gone: Collection[Path], kept: Iterable[Path], shape: Shape) -> Any:
    """``value`` without the paths ``gone``, but with everything at or below the paths ``kept``."""
    held = {path[:length] for path in kept for length in range(len(path) + 1)}
    return _prune(value, (), gone, held, shape)


def _prune(value: Any, path: Path, gone: Collection[Path], held: Collection[Path], shape: Shape) -> Any:
    if isinstance(value, dict) and not shape.atomic and shape.kind in ("struct", "map"):
        return _prune_map(value, path, gone, held, shape)
    if not isinstance(value, list):
        return value
    result = []
    for item in value:
        if shape.list_type == "map" and shape.keys:
            step = (*path, key_step(item, shape.keys))
        elif shape.list_type == "set":
            step = (*path, value_step(item))
        else:
            return value
        if step in held or step not in gone:
            result.append(_prune(item, step, gone, held, shape.at("")))
    return result


def _prune_map(
    value: dict[str, Any], path: Path, gone: Collection[Path], held: Collection[Path], shape: Shape
) -> dict[str, Any]:
    result = {}
    for key, item in value.items():
        step = (*path, f"f:{key}")
        if step in gone and step not in held:
            continue
        rest = _prune(item, step, gone, held, shape.at(key))
        emptied = rest != item and rest in ({}, [])
        if not emptied or step in held:
            result[key] = rest
    return result
