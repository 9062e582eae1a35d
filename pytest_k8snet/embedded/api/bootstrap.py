"""A store as a new cluster has it."""

from __future__ import annotations

from .admission import keep_quotas, require_namespace
from .pod_security import enforce_pod_security
from .store import Store

SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
RULES = (require_namespace, enforce_pod_security, keep_quotas)


def new_store() -> Store:
    """An empty cluster with its rules of admission and the namespaces that every cluster has."""
    store = Store(RULES)
    for name in SYSTEM_NAMESPACES:
        store.create("namespaces", {"metadata": {"name": name}})
    return store
