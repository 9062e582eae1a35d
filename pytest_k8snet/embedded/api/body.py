"""Request bodies: JSON or YAML in, plain JSON values out, and an understandable 400 for everything else."""

from __future__ import annotations

import math
import re
from typing import Any

import msgspec
import yaml
from yaml.resolver import Resolver

from . import protobuf
from .objects import Obj
from .status import StoreError, bad_request

MAX_BYTES = 3 * 1024 * 1024
"""The limit of the real API server."""

MAX_DEPTH = 100
"""Levels of nesting that are read. No kind needs a third of it, and recursion stays far from Python's limit."""

TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"", "0", "f", "F", "FALSE", "false", "False"})


def parse_bool(text: str, name: str) -> bool:
    """A query parameter as Go's ``strconv.ParseBool`` reads it, because some clients send ``True``. StoreError 400."""
    if text in TRUE:
        return True
    if text in FALSE:
        return False
    raise bad_request(f'parameter "{name}": strconv.ParseBool: parsing "{text}": invalid syntax')


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: timestamps stay text, and ``12:30`` is no number of base 60."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith((":timestamp", ":int", ":float"))]
    for first, pairs in Resolver.yaml_implicit_resolvers.items()
}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*|0x[0-9a-fA-F]+|0o?[0-7]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(rf"^(?:{_INT.pattern})$"), list("-+0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(rf"^(?:{_FLOAT.pattern})$"), list("-+0123456789."))


def decode(data: bytes, media_type: str) -> Any:
    """The value in a body of ``media_type``; StoreError 400 when it is malformed, 415 for a type that is not read."""
    if media_type.endswith("yaml"):
        return _plain(_from_yaml(data), 0)
    if media_type == protobuf.MEDIA_TYPE:
        return protobuf.decode_protobuf(data)
    if media_type in ("application/json", "application/octet-stream") or media_type.endswith("+json"):
        return _from_json(data)
    message = f"a body of type {media_type} is not read here - accepted are application/json and application/yaml"
    raise StoreError(415, "UnsupportedMediaType", message)


def decode_object(data: bytes, media_type: str) -> Obj:
    """Like ``decode`` for what must be an object with a ``metadata`` map."""
    value = decode(data, media_type)
    if not isinstance(value, dict):
        raise bad_request(f"the body must be an object, it is {_kind(value)}")
    metadata = value.setdefault("metadata", {})
    if metadata is None:
        value["metadata"] = {}
    elif not isinstance(metadata, dict):
        raise bad_request(f"metadata must be an object, it is {_kind(metadata)}")
    return value


def _from_json(data: bytes) -> Any:
    try:
        value = msgspec.json.decode(data)
        return _plain(value, 0)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad_request(f"the body is not valid JSON: {error}") from error
    except RecursionError as error:
        raise _too_deep() from error


def _from_yaml(data: bytes) -> Any:
    try:
        _check_events(data)
        return yaml.load(data, _Loader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise bad_request(f"the body is not valid YAML: {' '.join(str(error).split())}") from error


def _check_events(data: bytes) -> None:
    """Refuse what the loader must not see: deep nesting overflows its C stack, aliases expand bytes to gigabytes."""
    depth = 0
    for event in yaml.parse(data, _Loader):
        if isinstance(event, yaml.AliasEvent):
            raise bad_request("the body uses YAML aliases (&name, *name), which are not accepted here: write it out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _too_deep()


def _too_deep() -> StoreError:
    return bad_request(f"the body is nested deeper than {MAX_DEPTH} levels")


def _plain(value: Any, depth: int) -> Any:
    """Only the types of JSON, with text as keys."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_key(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise bad_request(f"the number {value} has no place in JSON")
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise bad_request(f"a value of type {type(value).__name__} has no place in JSON")


def _key(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, (str, int, float)):
        return str(key)
    raise bad_request(f"the key {key!r} is not text")


def _kind(value: Any) -> str:
    names = {list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
