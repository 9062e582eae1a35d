"""Rules that a new or changed object must pass besides being valid: its namespace, quotas, addresses of Services."""

from __future__ import annotations

from collections.abc import Iterable

from . import status
from .objects import Obj, is_terminating, lookup, name_of, namespace_of
from .quantity import parse_quantity
from .resource import Resource
from .status import Cause
from .store import Store


def require_namespace(store: Store, resource: Resource, obj: Obj, old: Obj | None) -> Iterable[str]:
    """A new object needs a namespace that is there, and is not about to go (admission NamespaceLifecycle)."""
    if old is not None or not resource.namespaced:
        return ()
    namespace = store.need("namespaces", namespace_of(obj))
    if is_terminating(namespace):
        name = name_of(namespace)
        why = f"unable to create new content in namespace {name} because it is being terminated"
        error = status.forbidden(resource.qualified, name_of(obj), why)
        cause = Cause("metadata.namespace", f"namespace {name} is being terminated", "NamespaceTerminating")
        error.details = {**(error.details or {}), "causes": [cause.as_details()]}
        raise error
    return ()


def require_account(store: Store, resource: Resource, obj: Obj, old: Obj | None) -> Iterable[str]:
    """A pod's service account must be there; ``default`` is on its way in a namespace that is being made."""
    if resource.plural != "pods" or old is not None:
        return ()
    name, namespace = lookup(obj, "spec", "serviceAccountName") or "default", namespace_of(obj)
    if name != "default" and store.get("serviceaccounts", name, namespace) is None:
        why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
        raise status.forbidden("pods", name_of(obj), why)
    return ()


def usage(store: Store, namespace: str, name: str) -> int | None:
    """How much of a quota's entry (``pods``, ``count/configmaps``) a namespace uses; None for one that is not counted.

    Pods that have ended do not count as ``pods``, as in Kubernetes.
    """
    counted = name.removeprefix("count/")
    plural = next((key for key, resource in store.resources.items() if resource.qualified == counted), None)
    if plural is None:
        return None
    objects = store.list(plural, namespace)
    if name == "pods":
        return sum(lookup(pod, "status", "phase") not in ("Succeeded", "Failed") for pod in objects)
    return len(objects)


def keep_quotas(store: Store, resource: Resource, obj: Obj, old: Obj | None) -> Iterable[str]:
    """No more objects than the ResourceQuotas of the namespace allow."""
    if old is not None or not resource.namespaced:
        return ()
    for quota in store.list("resourcequotas", namespace_of(obj)):
        hard = lookup(quota, "spec", "hard") or {}
        names = [key for key in sorted(hard) if key.removeprefix("count/") == resource.qualified]
        used = {key: usage(store, namespace_of(obj), key) or 0 for key in names}
        full = [key for key in names if used[key] + 1 > (parse_quantity(hard[key]) or 0)]
        if full:
            requested = ",".join(f"{key}=1" for key in full)
            taken = ",".join(f"{key}={used[key]}" for key in full)
            limited = ",".join(f"{key}={hard[key]}" for key in full)
            why = f"exceeded quota: {name_of(quota)}, requested: {requested}, used: {taken}, limited: {limited}"
            raise status.forbidden(resource.qualified, name_of(obj), why)
    return ()
