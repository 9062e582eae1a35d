"""The one table of what the API serves. Routes, discovery, OpenAPI and Table output are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .columns import Column
from .kinds import (
    cluster,
    cluster_checks,
    network,
    network_checks,
    pod_checks,
    pod_defaults,
    pods,
    workload_checks,
    workloads,
)
from .objects import Obj
from .status import Cause

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


def _nothing(obj: Obj) -> None:
    pass


def _fine(obj: Obj, old: Obj | None) -> Iterable[Cause]:
    return ()


def _no_carry(obj: Obj, old: Obj) -> None:
    pass


def _no_grace(obj: Obj) -> int | None:
    return None


@dataclass(frozen=True)
class Subresource:
    """A path below an object, such as ``pods/exec``, with the kind that discovery names for it.

    ``group`` and ``version`` are given where they are not those of the object.
    """

    name: str
    kind: str
    verbs: tuple[str, ...]
    group: str = ""
    version: str = ""


SCALE = Subresource("scale", "Scale", ("get", "patch", "update"), "autoscaling", "v1")


def _status(kind: str) -> Subresource:
    return Subresource("status", kind, ("get", "patch", "update"))


@dataclass(frozen=True)
class Resource:
    """One kind of object: where it is served, how it is completed, checked and printed.

    ``begin`` gives a new object its first status, ``carry`` takes over into a changed one what a client does not
    repeat, ``complete`` fills in defaults: all in place. ``validate`` yields what is wrong with an object, given the
    one that it replaces (None when it is new). ``name_rule`` is a rule of ``names.wrong_name``. ``selectable`` are the
    fields that a field selector may name besides the common ones. ``grace`` gives the seconds that an object may take
    to end before someone removes it, None when it goes at once. ``answer`` makes a kind that is answered and never
    stored.
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
    begin: Callable[[Obj], None] = _nothing
    carry: Callable[[Obj, Obj], None] = _no_carry
    complete: Callable[[Obj], None] = _nothing
    validate: Callable[[Obj, Obj | None], Iterable[Cause]] = _fine
    has_generation: bool = False
    selectable: tuple[str, ...] = ()
    grace: Callable[[Obj], int | None] = _no_grace
    answer: Callable[[Obj], Obj] | None = None

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
        subresources=(_status("Namespace"),),
        name_rule="label",
        begin=cluster.begin_namespace,
        carry=cluster.carry_namespace,
        complete=cluster.complete_namespace,
        validate=cluster_checks.validate_namespace,
        selectable=("status.phase",),
    ),
    Resource(
        "nodes",
        "Node",
        cluster.NODES,
        namespaced=False,
        short_names=("no",),
        subresources=(_status("Node"),),
        selectable=("spec.unschedulable",),
    ),
    Resource(
        "pods",
        "Pod",
        pods.COLUMNS,
        short_names=("po",),
        categories=("all",),
        subresources=(
            _status("Pod"),
            Subresource("exec", "PodExecOptions", ("create", "get")),
            Subresource("log", "Pod", ("get",)),
        ),
        begin=pod_defaults.begin,
        complete=pod_defaults.complete,
        validate=pod_checks.validate,
        has_generation=True,
        selectable=pods.SELECTABLE,
        grace=pods.grace,
    ),
    Resource(
        "configmaps",
        "ConfigMap",
        cluster.CONFIGMAPS,
        short_names=("cm",),
        validate=cluster_checks.validate_configmap,
    ),
    Resource(
        "secrets",
        "Secret",
        cluster.SECRETS,
        complete=cluster.complete_secret,
        validate=cluster_checks.validate_secret,
        selectable=("type",),
    ),
    Resource("serviceaccounts", "ServiceAccount", cluster.SERVICEACCOUNTS, short_names=("sa",)),
    Resource(
        "events",
        "Event",
        cluster.EVENTS,
        short_names=("ev",),
        complete=cluster.complete_event,
        validate=cluster_checks.validate_event,
        selectable=cluster.EVENT_FIELDS,
    ),
    Resource(
        "services",
        "Service",
        network.SERVICES,
        short_names=("svc",),
        categories=("all",),
        subresources=(_status("Service"),),
        name_rule="label1035",
        begin=network.begin_service,
        carry=network.carry_service,
        complete=network.complete_service,
        validate=network_checks.validate_service,
        selectable=("spec.clusterIP", "spec.type"),
    ),
    Resource(
        "resourcequotas",
        "ResourceQuota",
        cluster.RESOURCEQUOTAS,
        short_names=("quota",),
        subresources=(_status("ResourceQuota"),),
        begin=cluster.empty_status,
        validate=cluster_checks.validate_quota,
    ),
    Resource(
        "endpointslices",
        "EndpointSlice",
        network.ENDPOINTSLICES,
        "discovery.k8s.io",
        complete=network.complete_slice,
        validate=network_checks.validate_slice,
        has_generation=True,
    ),
    Resource(
        "networkpolicies",
        "NetworkPolicy",
        network.NETWORKPOLICIES,
        "networking.k8s.io",
        short_names=("netpol",),
        complete=network.complete_policy,
        validate=network_checks.validate_policy,
        has_generation=True,
    ),
    Resource(
        "deployments",
        "Deployment",
        workloads.DEPLOYMENTS,
        "apps",
        short_names=("deploy",),
        categories=("all",),
        subresources=(_status("Deployment"), SCALE),
        begin=cluster.empty_status,
        complete=workloads.complete_deployment,
        validate=workload_checks.validate_deployment,
        has_generation=True,
    ),
    Resource(
        "replicasets",
        "ReplicaSet",
        workloads.REPLICASETS,
        "apps",
        short_names=("rs",),
        categories=("all",),
        subresources=(_status("ReplicaSet"), SCALE),
        begin=workloads.begin_replicaset,
        complete=workloads.complete_replicaset,
        validate=workload_checks.validate_replicaset,
        has_generation=True,
        selectable=("status.replicas",),
    ),
    Resource(
        "daemonsets",
        "DaemonSet",
        workloads.DAEMONSETS,
        "apps",
        short_names=("ds",),
        categories=("all",),
        subresources=(_status("DaemonSet"),),
        begin=workloads.begin_daemonset,
        carry=workloads.carry_daemonset,
        complete=workloads.complete_daemonset,
        validate=workload_checks.validate_daemonset,
        has_generation=True,
    ),
    Resource(
        "jobs",
        "Job",
        workloads.JOBS,
        "batch",
        categories=("all",),
        subresources=(_status("Job"),),
        begin=workloads.begin_job,
        carry=workloads.carry_job,
        complete=workloads.complete_job,
        validate=workload_checks.validate_job,
        has_generation=True,
        selectable=("status.successful",),
    ),
    Resource(
        "selfsubjectaccessreviews",
        "SelfSubjectAccessReview",
        cluster.REVIEWS,
        "authorization.k8s.io",
        namespaced=False,
        verbs=("create",),
        validate=cluster_checks.validate_review,
        answer=cluster.allow,
    ),
)
