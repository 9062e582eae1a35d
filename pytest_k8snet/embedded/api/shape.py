"""The shapes of kinds: which fields there are, their types, and how their lists are merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

DOCUMENTS = ("shapes.json", "cluster_policy_shapes.json")
"""What tools/api_shapes.py writes; and the kinds that clusters have only by a CustomResourceDefinition."""

SCALARS = frozenset(
    {"any", "boolean", "bytes", "int32", "int64", "int-or-string", "number", "quantity", "string", "time"}
)


@dataclass(eq=False)
class Struct:
    """A type with named fields. ``required`` are those that must be there, and not be empty, in what is stored."""

    name: str
    fields: dict[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    atomic: bool = False


@dataclass(frozen=True, eq=False)
class Shape:
    """What may stand in one place. ``kind`` is list, map, struct, or the name of a scalar.

    ``merge_key`` and ``merges`` direct the strategic merge patch; ``keys``, ``list_type`` (atomic, set or map) and
    ``atomic`` (a map or struct that has one owner as a whole) direct server-side apply.
    """

    kind: str
    item: Shape | None = None
    struct: Struct | None = None
    merge_key: str = ""
    merges: bool = False
    retain_keys: bool = False
    keys: tuple[str, ...] = ()
    list_type: str = "atomic"
    atomic: bool = False
    enum: tuple[str, ...] = ()

    def at(self, name: str) -> Shape:
        """The shape of a field or of a map's value; anything goes where no shape is known."""
        if self.struct:
            return self.struct.fields.get(name, ANY)
        return self.item or ANY


ANY = Shape("any")


def _parse(spec: str | Mapping[str, Any], structs: Mapping[str, Struct]) -> Shape:
    marks = {} if isinstance(spec, str) else spec
    text = spec if isinstance(spec, str) else str(spec["type"])
    strategy = str(marks.get("strategy", ""))
    enum = tuple(marks.get("enum", ()))
    if text.startswith("[]"):
        return Shape(
            "list",
            item=_parse({"type": text[2:], "enum": enum}, structs),
            merge_key=str(marks.get("merge", "")),
            merges="merge" in strategy,
            retain_keys="retainKeys" in strategy,
            keys=tuple(marks.get("keys", ())),
            list_type=str(marks.get("list", "atomic")),
        )
    if text.startswith("{}"):
        return Shape("map", item=_parse(text[2:], structs), atomic=marks.get("map") == "atomic")
    if text in SCALARS:
        return Shape(text, enum=enum)
    struct = structs[text]
    atomic = struct.atomic or marks.get("map") == "atomic"
    return Shape("struct", struct=struct, retain_keys="retainKeys" in strategy, atomic=atomic)


@cache
def _kinds() -> Mapping[str, Shape]:
    found = [msgspec.json.decode(files(__package__).joinpath(name).read_bytes()) for name in DOCUMENTS]
    types: dict[str, Any] = {name: spec for document in found for name, spec in document["types"].items()}
    structs = {name: Struct(name, atomic=spec.get("map") == "atomic") for name, spec in types.items()}
    for name, spec in types.items():
        structs[name].fields.update({key: _parse(value, structs) for key, value in spec["fields"].items()})
        structs[name].required = tuple(spec.get("required", ()))
    return {kind: _parse(name, structs) for document in found for kind, name in document["kinds"].items()}


def shape_of(api_version: str, kind: str) -> Shape:
    """The shape of a kind; ``ANY`` for one that is not known."""
    return _kinds().get(f"{api_version}/{kind}", ANY)
