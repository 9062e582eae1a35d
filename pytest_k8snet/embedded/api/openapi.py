"""OpenAPI v3, as far as kubectl reads it: which kinds there are and that the server validates their fields."""

from __future__ import annotations

from .objects import Obj
from .paths import ROOTS
from .resources import Resource
from .status import no_such_path


def openapi(path: str) -> Obj:
    """The document at ``/openapi/v3`` (an index) or ``/openapi/v3/<root>``; StoreError 404 for anything else."""
    root = path.strip("/").removeprefix("openapi/v3").strip("/")
    if not root:
        return {"paths": {known: {"serverRelativeURL": f"/openapi/v3/{known}?hash=1"} for known in ROOTS}}
    if root not in ROOTS:
        raise no_such_path(path)
    info = {"title": "Kubernetes (embedded by pytest-k8snet)", "version": "v1.33.0"}
    paths = {_path(resource): {"patch": _patch(resource)} for resource in ROOTS[root].values()}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": {}}}


def _path(resource: Resource) -> str:
    namespace = "namespaces/{namespace}/" if resource.namespaced else ""
    return f"/{resource.root}/{namespace}{resource.plural}/{{name}}"


def _patch(resource: Resource) -> Obj:
    """kubectl takes a kind for validated by the server when its PATCH has the parameter ``fieldValidation``."""
    gvk = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    parameter = {"name": "fieldValidation", "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    return {
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": gvk,
        "parameters": [parameter],
        "responses": {"200": {"description": "OK"}},
    }
