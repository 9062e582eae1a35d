"""Write ``pytest_k8snet/embedded/api/shapes.json``: the shape of the kinds that the embedded cluster serves.

Reads the OpenAPI v3 documents of a real cluster (``kubectl get --raw /openapi/v3/api/v1`` and so on) and keeps names,
types, required fields, allowed values and the keys by which lists are merged; no descriptions.

    python tools/api_shapes.py v1.34.4 FOLDER_WITH_DOCUMENTS > pytest_k8snet/embedded/api/shapes.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

KINDS = {
    "": "ConfigMap Event Namespace Node Pod ResourceQuota Secret Service ServiceAccount",
    "apps": "DaemonSet Deployment ReplicaSet",
    "authorization.k8s.io": "SelfSubjectAccessReview",
    "batch": "Job",
    "discovery.k8s.io": "EndpointSlice",
    "networking.k8s.io": "NetworkPolicy",
}
SCALARS = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "any",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "any",
}
MARKS = {
    "x-kubernetes-patch-merge-key": "merge",
    "x-kubernetes-patch-strategy": "strategy",
    "x-kubernetes-list-type": "list",
    "x-kubernetes-list-map-keys": "keys",
    "x-kubernetes-map-type": "map",
    "enum": "enum",
}


def reference(schema: dict[str, Any]) -> str:
    """The name of the definition that a schema refers to, empty when it is written out."""
    whole = schema.get("allOf", [schema])[0]
    return str(whole.get("$ref", "")).rpartition("/")[2]


def type_of(schema: dict[str, Any], wanted: set[str]) -> str:
    """``string``, ``int32``, ``[]Container``, ``{}string``; adds the definitions that it needs to ``wanted``."""
    if name := reference(schema):
        if name not in SCALARS:
            wanted.add(name)
        return SCALARS.get(name, name.rpartition(".")[2])
    if schema.get("type") == "array":
        return "[]" + type_of(schema["items"], wanted)
    if isinstance(schema.get("additionalProperties"), dict):
        return "{}" + type_of(schema["additionalProperties"], wanted)
    if schema.get("format") == "byte":
        return "bytes"
    return {"integer": str(schema.get("format", "int64")), "object": "any"}.get(schema["type"], str(schema["type"]))


def field_of(schema: dict[str, Any], wanted: set[str]) -> Any:
    """A field: its type alone, or with the marks that say how it is merged and what it may be."""
    marks = {short: schema[long] for long, short in MARKS.items() if long in schema}
    return {"type": type_of(schema, wanted), **marks} if marks else type_of(schema, wanted)


def definition(schema: dict[str, Any], wanted: set[str]) -> dict[str, Any]:
    """A struct: its fields and which of them are required."""
    fields = {name: field_of(value, wanted) for name, value in sorted(schema.get("properties", {}).items())}
    extra = {"map": schema["x-kubernetes-map-type"]} if "x-kubernetes-map-type" in schema else {}
    required = {"required": schema["required"]} if schema.get("required") else {}
    return {"fields": fields, **required, **extra}


def main(release: str, folder: Path) -> None:
    """Print the shapes of all kinds in ``KINDS``, found in the documents of ``folder``."""
    schemas: dict[str, Any] = {}
    for path in sorted(folder.glob("*.json")):
        schemas.update(json.loads(path.read_text())["components"]["schemas"])
    kinds: dict[str, str] = {}
    wanted: set[str] = set()
    for name, schema in schemas.items():
        for gvk in schema.get("x-kubernetes-group-version-kind", []):
            if gvk["version"] == "v1" and gvk["kind"] in KINDS.get(gvk["group"], "").split():
                kinds["/".join(filter(None, (gvk["group"], "v1", gvk["kind"])))] = name.rpartition(".")[2]
                wanted.add(name)
    types: dict[str, Any] = {}
    origin: dict[str, str] = {}
    while missing := wanted - set(origin.values()):
        for name in missing:
            short = name.rpartition(".")[2]
            if origin.setdefault(short, name) != name:
                raise SystemExit(f"two definitions are called {short}: {name} and {origin[short]}")
            types[short] = definition(schemas[name], wanted)
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(types.items()))
    head = json.dumps({"from": f"OpenAPI v3 of Kubernetes {release}", "kinds": kinds})
    sys.stdout.write(f'{head[:-1]}, "types": {{\n{lines}\n}}}}\n')


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
