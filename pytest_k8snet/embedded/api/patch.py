"""JSON patch (RFC 6902) and JSON merge patch (RFC 7386). Pure: what is given is not changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .objects import clone
from .status import StoreError, bad_request


def merge_patch(target: Any, patch: Any) -> Any:
    """``target`` with ``patch`` merged into it: null removes, maps merge, all else replaces."""
    if not isinstance(patch, dict):
        return clone(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def json_patch(target: Any, operations: Any) -> Any:
    """``target`` after ``operations``, all or none. StoreError 400: malformed; 422: does not fit."""
    if not isinstance(operations, list):
        raise bad_request("a JSON patch must be a list of operations")
    result = clone(target)
    for index, operation in enumerate(operations):
        result = _apply(result, operation, f"operation {index}")
    return result


def _apply(document: Any, operation: Any, where: str) -> Any:
    if not isinstance(operation, dict) or not isinstance(operation.get("path"), str):
        raise bad_request(f'{where} of the JSON patch must be an object with "op" and "path"')
    kind, path = operation.get("op"), _pointer(operation["path"])
    if kind in ("add", "replace", "test") and "value" not in operation:
        raise bad_request(f'{where} of the JSON patch ("{kind}") needs a "value"')
    match kind:
        case "add":
            return _add(document, path, clone(operation["value"]), where)
        case "remove":
            return _remove(document, path, where)
        case "replace":
            return _replace(document, path, clone(operation["value"]), where)
        case "test":
            return _test(document, path, operation["value"], where)
        case "move" | "copy":
            return _move(document, operation, path, where)
        case _:
            raise bad_request(f'{where} of the JSON patch has the unknown "op" {kind!r}')


def _test(document: Any, path: Sequence[str], value: Any, where: str) -> Any:
    found = _get(document, path, where)
    if not _same(found, value):
        raise _misfit(f"{where}: testing value at /{'/'.join(path)} failed")
    return document


def _same(left: Any, right: Any) -> bool:
    """Equality of JSON, in which true is not 1."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _move(document: Any, operation: dict[str, Any], path: Sequence[str], where: str) -> Any:
    if not isinstance(operation.get("from"), str):
        raise bad_request(f'{where} of the JSON patch ("{operation["op"]}") needs "from"')
    source = _pointer(operation["from"])
    value = clone(_get(document, source, where))
    if operation["op"] == "move":
        if path[: len(source)] == source and len(path) > len(source):
            raise _misfit(f"{where}: cannot move a value into itself")
        document = _remove(document, source, where)
    return _add(document, path, value, where)


def _pointer(text: str) -> list[str]:
    if text and not text.startswith("/"):
        raise bad_request(f'the JSON pointer "{text}" must be empty or begin with "/"')
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _misfit(message: str) -> StoreError:
    return StoreError(422, "Invalid", f"the server rejected our request due to an error in our request: {message}")


def _index(container: list[Any], step: str, end: int, where: str) -> int:
    """A position in a list, at most ``end``."""
    if (
        not (step.isascii() and step.isdigit())
        or (len(step) > 1 and step[0] == "0")
        or len(step) > 9
        or int(step) > end
    ):
        raise _misfit(f"{where}: there is no position {step!r} in a list of {len(container)}")
    return int(step)


def _get(document: Any, path: Sequence[str], where: str) -> Any:
    for step in path:
        if isinstance(document, list):
            document = document[_index(document, step, len(document) - 1, where)]
        elif isinstance(document, dict) and step in document:
            document = document[step]
        else:
            raise _misfit(f"{where}: path /{'/'.join(path)} does not exist")
    return document


def _add(document: Any, path: Sequence[str], value: Any, where: str) -> Any:
    if not path:
        return value
    container, last = _get(document, path[:-1], where), path[-1]
    if isinstance(container, list):
        container.insert(len(container) if last == "-" else _index(container, last, len(container), where), value)
    elif isinstance(container, dict):
        container[last] = value
    else:
        raise _misfit(f"{where}: /{'/'.join(path[:-1])} is neither a list nor a map")
    return document


def _replace(document: Any, path: Sequence[str], value: Any, where: str) -> Any:
    document = _remove(document, path, where)
    return _add(document, path, value, where)


def _remove(document: Any, path: Sequence[str], where: str) -> Any:
    _get(document, path, where)
    if not path:
        return None
    container, last = _get(document, path[:-1], where), path[-1]
    del container[int(last) if isinstance(container, list) else last]
    return document
