"""Deleting: at once, after a grace period, or when the last finalizer is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .checks import unsupported
from .meta import check_version, mark_deleted
from .objects import Obj, held_by, is_terminating, name_of, namespace_of
from .resource import Resource
from .status import bad_request, forbidden, invalid_options
from .store import Store

KEPT_NAMESPACES = ("default", "kube-public", "kube-system")
POLICIES = ("", "Background", "Foreground", "Orphan")


@dataclass(frozen=True)
class DeleteOptions:
    """How to delete: ``grace`` in seconds (None for the object's own), preconditions, what becomes of dependents."""

    grace: int | None = None
    uid: str = ""
    version: str = ""
    propagation: str = ""
    dry_run: bool = False

    @classmethod
    def read(cls, body: Mapping[str, Any], query: Mapping[str, str]) -> DeleteOptions:
        """From a DeleteOptions object or, where that says nothing, the query. StoreError 400 for wrong values."""
        grace = body.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
        policy = body.get("propagationPolicy") or query.get("propagationPolicy") or ""
        if body.get("orphanDependents"):
            policy = policy or "Orphan"
        if policy not in POLICIES:
            choices = ("Foreground", "Background", "Orphan", "nil")
            raise invalid_options("DeleteOptions", unsupported("propagationPolicy", policy, choices))
        preconditions = body.get("preconditions") or {}
        dry_run = body.get("dryRun") or ([query["dryRun"]] if query.get("dryRun") else [])
        if dry_run not in ([], ["All"]):
            raise bad_request(f"invalid dryRun {dry_run}: the only value is All")
        uid, version = (str(preconditions.get(key) or "") for key in ("uid", "resourceVersion"))
        return cls(_seconds(grace), uid, version, policy, bool(dry_run))


def _seconds(value: object) -> int | None:
    if value is None or value == "":
        return None
    text = str(value)
    if isinstance(value, bool) or not text.lstrip("-").isdigit() or len(text) > 18:
        raise bad_request(f'invalid gracePeriodSeconds "{value}": it must be a whole number')
    return max(int(text), 1) if int(text) < 0 else int(text)


def delete(store: Store, resource: Resource, name: str, namespace: str, options: DeleteOptions) -> tuple[Obj, bool]:
    """Delete an object, or begin to; gives its last state and whether it is gone already."""
    obj = store.need(resource.plural, name, namespace)
    if resource.plural == "namespaces" and name in KEPT_NAMESPACES:
        raise forbidden(resource.qualified, name, "this namespace may not be deleted")
    check_version(resource, obj, {"uid": options.uid, "resourceVersion": options.version})
    grace = resource.grace(obj)
    if grace is not None and options.grace is not None and resource.plural == "pods":
        grace = options.grace or None
    if options.dry_run:
        return obj, False
    _release_dependents(store, obj, options)
    obj = _with_finalizer(store, resource, obj, options)
    if grace is None and not held_by(obj):
        return store.remove(resource.plural, name, namespace), True
    if is_terminating(obj) and (grace or 0) >= obj["metadata"].get("deletionGracePeriodSeconds", 0):
        return obj, False
    return store.update(resource.plural, name, namespace, lambda new: mark_deleted(new, grace or 0)), False


def _with_finalizer(store: Store, resource: Resource, obj: Obj, options: DeleteOptions) -> Obj:
    """Foreground deletion waits for the dependents: the garbage collector takes the finalizer away."""
    if options.propagation != "Foreground" or "foregroundDeletion" in obj["metadata"].get("finalizers", ()):
        return obj

    def add(new: Obj) -> None:
        new["metadata"].setdefault("finalizers", []).append("foregroundDeletion")

    return store.update(resource.plural, name_of(obj), namespace_of(obj), add)


def _release_dependents(store: Store, owner: Obj, options: DeleteOptions) -> None:
    """With the policy Orphan the dependents stop naming this owner, so nothing collects them."""
    if options.propagation != "Orphan":
        return
    uid = owner["metadata"]["uid"]
    for plural in store.resources:
        for obj in store.list(plural):
            if any(ref.get("uid") == uid for ref in obj["metadata"].get("ownerReferences") or ()):
                store.update(plural, name_of(obj), namespace_of(obj), lambda new: _drop_owner(new, uid))


def _drop_owner(obj: Obj, uid: str) -> None:
    left = [ref for ref in obj["metadata"].pop("ownerReferences") if ref.get("uid") != uid]
    if left:
        obj["metadata"]["ownerReferences"] = left
