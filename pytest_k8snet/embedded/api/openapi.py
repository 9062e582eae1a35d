"""OpenAPI v3, as far as kubectl reads it: ``explain``, how to merge for ``apply``, and that the server validates.

Made from the table of resources and the shapes of their kinds; there are no descriptions.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from .objects import Obj
from .paths import ROOTS
from .resource import Resource
from .shape import Shape, Struct, shape_of
from .status import no_such_path

SCALARS: dict[str, Obj] = {
    "any": {"type": "object"},
    "boolean": {"type": "boolean"},
    "bytes": {"type": "string", "format": "byte"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "int-or-string": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    "number": {"type": "number"},
    "quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "string": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
}


def openapi(path: str) -> Obj:
    """The document at ``/openapi/v3`` (an index) or ``/openapi/v3/<root>``; StoreError 404 for anything else."""
    root = path.strip("/").removeprefix("openapi/v3").strip("/")
    if not root:
        return {"paths": {known: {"serverRelativeURL": f"/openapi/v3/{known}"} for known in ROOTS}}
    if root not in ROOTS:
        raise no_such_path(path)
    return _document(root)


@cache
def _document(root: str) -> Obj:
    resources = tuple(ROOTS[root].values())
    info = {"title": "Kubernetes (embedded by pytest-k8snet)", "version": "v1.33.0"}
    paths = {path: item for resource in resources for path, item in _paths(resource)}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": _schemas(resources)}}


def _paths(resource: Resource) -> Iterable[tuple[str, Obj]]:
    namespace = "namespaces/{namespace}/" if resource.namespaced else ""
    collection = f"/{resource.root}/{namespace}{resource.plural}"
    methods = {"create": "post", "list": "get"}
    yield collection, {methods[verb]: _operation(resource, verb) for verb in methods if verb in resource.verbs}
    methods = {"get": "get", "update": "put", "patch": "patch", "delete": "delete"}
    item = {methods[verb]: _operation(resource, verb) for verb in methods if verb in resource.verbs}
    if item:
        yield f"{collection}/{{name}}", item


def _operation(resource: Resource, verb: str) -> Obj:
    """kubectl takes a kind for validated by the server when its PATCH has the parameter ``fieldValidation``."""
    names = ("dryRun", "fieldManager", "fieldValidation") if verb in ("create", "update", "patch") else ()
    return {
        "x-kubernetes-action": {"create": "post", "update": "put"}.get(verb, verb),
        "x-kubernetes-group-version-kind": _gvk(resource),
        "parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names],
        "responses": {"200": {"description": "OK"}},
    }


def _gvk(resource: Resource) -> Obj:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _schemas(resources: Iterable[Resource]) -> Obj:
    """The definitions of the resources' kinds and of all that they refer to."""
    schemas: Obj = {}
    for resource in resources:
        shape = shape_of(resource.api_version, resource.kind)
        if shape.struct:
            _add(schemas, shape.struct)
            schemas[shape.struct.name]["x-kubernetes-group-version-kind"] = [_gvk(resource)]
    return schemas


def _add(schemas: Obj, struct: Struct) -> None:
    if struct.name in schemas:
        return
    schema: Obj = {"type": "object"}
    schemas[struct.name] = schema
    schema["properties"] = {name: _schema(schemas, shape) for name, shape in struct.fields.items()}
    if struct.required:
        schema["required"] = list(struct.required)
    if struct.atomic:
        schema["x-kubernetes-map-type"] = "atomic"


def _schema(schemas: Obj, shape: Shape) -> Obj:
    if shape.struct:
        _add(schemas, shape.struct)
        return {"allOf": [{"$ref": f"#/components/schemas/{shape.struct.name}"}], **_marks(shape)}
    if shape.kind == "list":
        return {"type": "array", "items": _schema(schemas, shape.at("")), **_marks(shape)}
    if shape.kind == "map":
        return {"type": "object", "additionalProperties": _schema(schemas, shape.at("")), **_marks(shape)}
    return {**SCALARS[shape.kind], **({"enum": list(shape.enum)} if shape.enum else {})}


def _marks(shape: Shape) -> Obj:
    """The extensions by which clients merge lists and maps."""
    marks: Obj = {}
    if shape.kind == "list":
        marks["x-kubernetes-list-type"] = shape.list_type
    if shape.keys:
        marks["x-kubernetes-list-map-keys"] = list(shape.keys)
    if shape.kind == "map" and shape.atomic:
        marks["x-kubernetes-map-type"] = "atomic"
    if shape.merge_key:
        marks["x-kubernetes-patch-merge-key"] = shape.merge_key
    strategy = [name for name, wanted in (("merge", shape.merges), ("retainKeys", shape.retain_keys)) if wanted]
    if strategy:
        marks["x-kubernetes-patch-strategy"] = ",".join(strategy)
    return marks
