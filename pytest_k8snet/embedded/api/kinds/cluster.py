"""Namespaces, Nodes, Events, ConfigMaps, Secrets, ServiceAccounts and ResourceQuotas."""

from __future__ import annotations

import base64

from pytest_k8snet.embedded.api.columns import AGE, NAME, Column, count, field, joined, since
from pytest_k8snet.embedded.api.objects import Obj, clone, labels_of, lookup

EVENT_FIELDS = (
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
)
ROLE = "node-role.kubernetes.io/"


def _node_status(node: Obj) -> str:
    conditions = {c.get("type"): c.get("status") for c in lookup(node, "status", "conditions") or ()}
    word = {None: "Unknown", "True": "Ready"}.get(conditions.get("Ready"), "NotReady")
    return f"{word},SchedulingDisabled" if lookup(node, "spec", "unschedulable") else word


def _address(kind: str) -> Column:
    def read(node: Obj) -> str:
        entries = lookup(node, "status", "addresses") or []
        return next((str(entry.get("address")) for entry in entries if entry.get("type") == kind), "<none>")

    name = {"InternalIP": "Internal-IP", "ExternalIP": "External-IP"}[kind]
    return Column(name, read, priority=1)


def _involved(event: Obj) -> str:
    involved = event.get("involvedObject") or {}
    return f"{str(involved.get('kind', '')).lower()}/{involved.get('name', '')}"


def _seen(event: Obj) -> str:
    return since(event.get("lastTimestamp") or event.get("firstTimestamp") or event.get("eventTime"))


NAMESPACES = (NAME, Column("Status", field("status", "phase")), AGE)
NODES = (
    NAME,
    Column("Status", _node_status),
    Column("Roles", lambda node: joined(sorted(k.removeprefix(ROLE) for k in labels_of(node) if k.startswith(ROLE)))),
    AGE,
    Column("Version", field("status", "nodeInfo", "kubeletVersion")),
    _address("InternalIP"),
    _address("ExternalIP"),
    Column("OS-Image", field("status", "nodeInfo", "osImage"), priority=1),
    Column("Kernel-Version", field("status", "nodeInfo", "kernelVersion"), priority=1),
    Column("Container-Runtime", field("status", "nodeInfo", "containerRuntimeVersion"), priority=1),
)
EVENTS = (
    Column("Last Seen", _seen),
    Column("Type", field("type")),
    Column("Reason", field("reason")),
    Column("Object", _involved),
    Column("Subobject", field("involvedObject", "fieldPath", empty=""), priority=1),
    Column("Source", field("source", "component", empty=""), priority=1),
    Column("Message", field("message", empty="")),
    Column("First Seen", lambda event: since(event.get("firstTimestamp")), priority=1),
    Column("Count", field("count"), priority=1),
    Column("Name", field("metadata", "name"), priority=1),
)
CONFIGMAPS = (NAME, Column("Data", lambda obj: len(obj.get("data") or ()) + len(obj.get("binaryData") or ())), AGE)
SECRETS = (NAME, Column("Type", field("type")), Column("Data", count("data")), AGE)
SERVICEACCOUNTS = (NAME, Column("Secrets", count("secrets")), AGE)


def _used(quota: Obj) -> str:
    hard, used = lookup(quota, "spec", "hard") or {}, lookup(quota, "status", "used") or {}
    return ", ".join(f"{name}: {used.get(name, 0)}/{limit}" for name, limit in sorted(hard.items()))


RESOURCEQUOTAS = (NAME, Column("Request", _used), Column("Limit", lambda quota: ""), AGE)


def begin_namespace(namespace: Obj) -> None:
    """A new namespace is Active, and the finalizer in its spec says that its content goes first."""
    namespace["spec"] = {"finalizers": ["kubernetes"]}
    namespace["status"] = {"phase": "Active"}


def carry_namespace(namespace: Obj, old: Obj) -> None:
    """An update does not reach the finalizer in a namespace's spec."""
    namespace["spec"] = clone(old["spec"])


def complete_namespace(namespace: Obj) -> None:
    """Every namespace can be selected by its name."""
    metadata = namespace["metadata"]
    metadata["labels"] = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata.get("name", "")}


def complete_secret(secret: Obj) -> None:
    """``stringData`` is written as text and kept as base64 in ``data``."""
    secret.setdefault("type", "Opaque")
    written = secret.pop("stringData", None) or {}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in written.items()}
    if encoded:
        secret["data"] = {**(secret.get("data") or {}), **encoded}


def complete_event(event: Obj) -> None:
    """Every event says who reported it and when, if only that nobody said so."""
    times = ("eventTime", "firstTimestamp", "lastTimestamp")
    unsaid: Obj = {**dict.fromkeys(times), "source": {}, "reportingComponent": "", "reportingInstance": ""}
    event.update({key: value for key, value in unsaid.items() if event.get(key) is None})


def empty_status(obj: Obj) -> None:
    """A status that its controller has not written yet."""
    obj["status"] = {}


REVIEWS = (NAME,)


def allow(review: Obj) -> Obj:
    """Whoever has the token may do everything."""
    return {**review, "status": {"allowed": True, "reason": "the embedded cluster has no RBAC"}}
