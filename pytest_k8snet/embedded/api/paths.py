"""What a request's path means: a resource, an object, a subresource. Made from the table of resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .resource import Resource, Subresource
from .resources import RESOURCES
from .status import StoreError, method_not_allowed, no_such_path

ROOTS: Mapping[str, Mapping[str, Resource]] = {
    resource.root: {other.plural: other for other in RESOURCES if other.root == resource.root} for resource in RESOURCES
}
"""Plural to resource, for each root path such as ``apis/networking.k8s.io/v1``."""


@dataclass(frozen=True)
class Target:
    """What a path names. Without ``name`` it is the collection, without ``namespace`` all namespaces."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: Subresource | None = None

    @property
    def sub(self) -> str:
        """The name of the subresource, empty for the object itself."""
        return self.subresource.name if self.subresource else ""

    def verb(self, method: str, watch: bool) -> str:
        """The API's verb for an HTTP method; StoreError 405 when this target does not have it."""
        verbs = self.subresource.verbs if self.subresource else self.resource.verbs
        one, many = {
            "GET": ("get", "watch" if watch else "list"),
            "HEAD": ("get", "list"),
            "POST": ("create" if self.sub else "", "create"),
            "PUT": ("update", ""),
            "PATCH": ("patch", ""),
            "DELETE": ("delete", "deletecollection"),
        }.get(method, ("", ""))
        verb = one if self.name else many
        everywhere = self.resource.namespaced and not self.namespace and verb in ("create", "deletecollection")
        if verb not in verbs or everywhere:
            what = self.resource.qualified + (f"/{self.sub}" if self.sub else "")
            raise method_not_allowed(verb or method, f"{what} across all namespaces" if everywhere else what)
        return verb


def parse_path(path: str) -> Target:
    """Read a path such as ``/api/v1/namespaces/default/pods/web/log``; StoreError 404 for what is not served."""
    unknown = no_such_path(path)
    parts = path.strip("/").split("/")
    size = 2 if parts[0] == "api" else 3
    resources = ROOTS.get("/".join(parts[:size]), {})
    rest = parts[size:]
    if not rest or "" in rest:
        raise unknown
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    resource = resources.get(rest[0])
    if resource is None or len(rest) > 3 or (namespace and not resource.namespaced):
        raise unknown
    return _target(resource, namespace, rest[1:], unknown)


def _target(resource: Resource, namespace: str, rest: list[str], unknown: StoreError) -> Target:
    name = rest[0] if rest else ""
    if name and resource.namespaced and not namespace:
        raise unknown
    subresource = resource.subresource(rest[1]) if len(rest) > 1 else None
    if len(rest) > 1 and subresource is None:
        raise unknown
    return Target(resource, namespace, name, subresource)
