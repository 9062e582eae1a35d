"""Strategic merge patch: a merge patch that knows by which key the entries of a list are the same. Pure.

Directives: ``$patch`` (replace, delete, merge), ``$deleteFromPrimitiveList/<field>``, ``$setElementOrder/<field>``,
``$retainKeys``. (Kubernetes community documents, ``strategic-merge-patch.md``.)
"""

from __future__ import annotations

from typing import Any

import msgspec

from .objects import clone
from .shape import Shape
from .status import StoreError, bad_request

PATCH, RETAIN = "$patch", "$retainKeys"
DELETE_FROM, ORDER = "$deleteFromPrimitiveList/", "$setElementOrder/"


def strategic_patch(target: Any, patch: Any, shape: Shape) -> Any:
    """``target`` with ``patch`` merged into it as ``shape`` says. StoreError 400 for a malformed patch."""
    if not isinstance(patch, dict):
        raise bad_request("a strategic merge patch must be an object")
    return _merge_map(target if isinstance(target, dict) else {}, patch, shape)


def _merge_map(target: dict[str, Any], patch: dict[str, Any], shape: Shape) -> dict[str, Any]:
    directive = patch.get(PATCH, "merge")
    if directive == "replace":
        return {key: clone(value) for key, value in patch.items() if key != PATCH}
    if directive == "delete":
        return {}
    if directive != "merge":
        raise bad_request(f'unknown "$patch" directive {directive!r}: it must be replace, delete or merge')
    result = dict(target)
    for key, value in patch.items():
        if not key.startswith("$"):
            _merge_key(result, key, value, shape.at(key))
    for key, value in patch.items():
        _direct(result, key, value)
    for key, field in ((key, shape.at(key)) for key in result):
        order = patch.get(ORDER + key, patch.get(key))
        if field.merges and isinstance(order, list) and isinstance(result[key], list):
            result[key] = _ordered(result[key], order, target.get(key), field.merge_key)
    return result


def _merge_key(result: dict[str, Any], key: str, value: Any, shape: Shape) -> None:
    if value is None:
        result.pop(key, None)
    elif isinstance(value, dict):
        old = result.get(key)
        result[key] = _merge_map(old if isinstance(old, dict) else {}, value, shape)
    elif isinstance(value, list) and shape.merges:
        old = result.get(key)
        result[key] = _merge_list(old if isinstance(old, list) else [], value, shape, key)
    else:
        result[key] = clone(value)


def _direct(result: dict[str, Any], key: str, value: Any) -> None:
    """Follow one directive that stands beside the fields it is about."""
    if key == RETAIN:
        kept = set(_list_of(value, key))
        for name in [name for name in result if name not in kept]:
            del result[name]
    elif key.startswith(DELETE_FROM):
        name = key.removeprefix(DELETE_FROM)
        gone = _list_of(value, key)
        result[name] = [item for item in result.get(name) or [] if item not in gone]
    elif key.startswith(ORDER):
        _list_of(value, key)
    elif key.startswith("$") and key != PATCH:
        raise bad_request(f"unknown directive {key!r} in a strategic merge patch")


def _list_of(value: Any, key: str) -> list[Any]:
    if not isinstance(value, list):
        raise bad_request(f"{key} must be a list")
    return value


def _merge_list(target: list[Any], patch: list[Any], shape: Shape, name: str) -> list[Any]:
    if not shape.merge_key:
        return target + [clone(item) for item in patch if item not in target]
    if any(isinstance(item, dict) and item.get(PATCH) == "replace" for item in patch):
        return [clone(item) for item in patch if not (isinstance(item, dict) and PATCH in item)]
    result = list(target)
    for item in patch:
        if not isinstance(item, dict):
            raise bad_request(f"the entries of {name} in a strategic merge patch must be objects")
        _merge_entry(result, item, shape, name)
    return result


def _merge_entry(result: list[Any], item: dict[str, Any], shape: Shape, name: str) -> None:
    key = shape.merge_key
    if key not in item:
        shown = msgspec.json.encode(item).decode()
        message = f"an entry of {name} does not contain its merge key {key}: {shown}"
        raise StoreError(422, "Invalid", message)
    at = next((i for i, old in enumerate(result) if isinstance(old, dict) and old.get(key) == item[key]), None)
    if item.get(PATCH) == "delete":
        result[:] = [old for old in result if not (isinstance(old, dict) and old.get(key) == item[key])]
    elif at is None:
        result.append(_merge_map({}, item, shape.at("")))
    else:
        result[at] = _merge_map(result[at], item, shape.at(""))


def _ordered(items: list[Any], order: list[Any], former: Any, merge_key: str) -> list[Any]:
    """Entries of the patch in its order, merged with the others by where both stood before; new ones come first."""

    def identify(entry: Any) -> Any:
        return entry.get(merge_key) if merge_key and isinstance(entry, dict) else entry

    wanted = [identify(entry) for entry in order]
    places = [identify(entry) for entry in former] if isinstance(former, list) else []
    listed = sorted((item for item in items if identify(item) in wanted), key=lambda item: wanted.index(identify(item)))
    rest = [item for item in items if identify(item) not in wanted]
    result: list[Any] = []
    for item in listed:
        while identify(item) in places and rest and places.index(identify(rest[0])) < places.index(identify(item)):
            result.append(rest.pop(0))
        result.append(item)
    return result + rest
