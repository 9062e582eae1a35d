"""The one table of what the API serves. Routes, discovery, OpenAPI and Table output are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .columns import Column
from .kinds import cluster, network, pods
from .objects import Obj
from .status import Cause

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


def _nothing(obj: Obj) -> None:
    pass


def _fine(obj: Obj, old: Obj | None) -> Iterable[Cause]:
    return ()


def _no_grace(obj: Obj) -> int | None:
    return None


@dataclass(frozen=True)
class Subresource:
    """A path below an object, such as ``pods/exec``, with the kind that discovery names for it."""

    name: str
    kind: str
    verbs: tuple[str, ...]
    group: str = ""


def _status(kind: str) -> Subresource:
    return Subresource("status", kind, ("get", "patch", "update"))


@dataclass(frozen=True)
class Resource:
    """One kind of object: where it is served, how it is completed, checked and printed.

    ``complete`` fills in defaults in place. ``validate`` yields what is wrong with an object, given the one that it
    replaces (None when it is new). ``name_rule`` is a rule of ``names.wrong_name``. ``selectable`` are the fields that
    a field selector may name besides the common ones. ``grace`` gives the seconds that an object may take to end
    before someone removes it, None when it goes at once.
    """

    plural: str
    kind: str
    columns: Sequence[Column]
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = VERBS
    subresources: tuple[Subresource, ...] = ()
    name_rule: str = "subdomain"
    complete: Callable[[Obj], None] = _nothing
    validate: Callable[[Obj, Obj | None], Iterable[Cause]] = _fine
    has_generation: bool = False
    selectable: tuple[str, ...] = ()
    grace: Callable[[Obj], int | None] = _no_grace

    @property
    def api_version(self) -> str:
        """``v1`` or ``networking.k8s.io/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def root(self) -> str:
        """The path below which the resource is served: ``api/v1`` or ``apis/networking.k8s.io/v1``."""
        return f"apis/{self.api_version}" if self.group else f"api/{self.version}"

    @property
    def qualified(self) -> str:
        """The plural with its group, as error messages name it: ``networkpolicies.networking.k8s.io``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified_kind(self) -> str:
        """The kind with its group: ``NetworkPolicy.networking.k8s.io``."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def has_status(self) -> bool:
        """Whether the status is written by a path of its own."""
        return any(sub.name == "status" for sub in self.subresources)

    def subresource(self, name: str) -> Subresource | None:
        """The subresource of that name."""
        return next((sub for sub in self.subresources if sub.name == name), None)


RESOURCES = (
    Resource(
        "namespaces",
        "Namespace",
        cluster.NAMESPACES,
        namespaced=False,
        short_names=("ns",),
        name_rule="label",
        selectable=("status.phase",),
        grace=cluster.namespace_grace,
        subresources=(_status("Namespace"),),
    ),
    Resource("nodes", "Node", cluster.NODES, namespaced=False, short_names=("no",), subresources=(_status("Node"),)),
    Resource(
        "pods",
        "Pod",
        pods.COLUMNS,
        short_names=("po",),
        categories=("all",),
        selectable=pods.SELECTABLE,
        grace=pods.grace,
        subresources=(
            _status("Pod"),
            Subresource("exec", "PodExecOptions", ("create", "get")),
            Subresource("log", "Pod", ("get",)),
        ),
    ),
    Resource("configmaps", "ConfigMap", cluster.CONFIGMAPS, short_names=("cm",)),
    Resource("secrets", "Secret", cluster.SECRETS),
    Resource("serviceaccounts", "ServiceAccount", cluster.SERVICEACCOUNTS, short_names=("sa",)),
    Resource("events", "Event", cluster.EVENTS, short_names=("ev",)),
    Resource(
        "services",
        "Service",
        network.SERVICES,
        short_names=("svc",),
        categories=("all",),
        name_rule="label1035",
        subresources=(_status("Service"),),
    ),
    Resource(
        "resourcequotas",
        "ResourceQuota",
        cluster.RESOURCEQUOTAS,
        short_names=("quota",),
        subresources=(_status("ResourceQuota"),),
    ),
    Resource("endpointslices", "EndpointSlice", network.ENDPOINTSLICES, "discovery.k8s.io"),
    Resource(
        "networkpolicies",
        "NetworkPolicy",
        network.NETWORKPOLICIES,
        "networking.k8s.io",
        short_names=("netpol",),
        has_generation=True,
    ),
)
