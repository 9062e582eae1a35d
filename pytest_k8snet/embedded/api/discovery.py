"""Which groups, versions and kinds the API has, in the forms that clients ask for."""

from __future__ import annotations

from collections.abc import Iterator

from .objects import Obj
from .paths import ROOTS
from .resource import Resource
from .resources import RESOURCES
from .status import no_such_path

VERSION: Obj = {
    "major": "1",
    "minor": "33",
    "gitVersion": "v1.33.0+k8snet",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "linux/amd64",
}
"""What ``/version`` answers: the release of Kubernetes whose behaviour is imitated."""


def discover(path: str) -> Obj:
    """The document at ``/version``, ``/api``, ``/apis`` or below; StoreError 404 for an unknown group or version."""
    path = path.strip("/")
    if path == "version":
        return VERSION
    if path == "api":
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if path == "apis":
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in _groups()]}
    if path in ROOTS:
        resources = [entry for resource in ROOTS[path].values() for entry in _entries(resource)]
        version = next(iter(ROOTS[path].values())).api_version
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}
    group = path.removeprefix("apis/")
    if path.startswith("apis/") and group in _groups():
        return {"kind": "APIGroup", "apiVersion": "v1", **_group(group)}
    raise no_such_path(f"/{path}")


def _groups() -> list[str]:
    return sorted({resource.group for resource in RESOURCES if resource.group})


def _group(name: str) -> Obj:
    versions = sorted({resource.version for resource in RESOURCES if resource.group == name}, reverse=True)
    entries = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": entries, "preferredVersion": entries[0]}


def _entries(resource: Resource) -> Iterator[Obj]:
    entry: Obj = {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    yield entry
    for sub in resource.subresources:
        yield {
            **({"group": sub.group, "version": sub.version} if sub.group else {}),
            "name": f"{resource.plural}/{sub.name}",
            "singularName": "",
            "namespaced": resource.namespaced,
            "kind": sub.kind,
            "verbs": list(sub.verbs),
        }
