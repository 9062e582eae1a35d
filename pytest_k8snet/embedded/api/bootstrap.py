"""A store as a new cluster has it."""

from __future__ import annotations

from collections.abc import Sequence

from .admission import keep_quotas, require_account, require_namespace
from .pod_security import enforce_pod_security
from .service_addresses import ServiceAddresses
from .store import Store

SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
SERVICE_NETWORKS = ("10.96.0.0/16", "fd00:10:96::/112")


def new_store(service_networks: Sequence[str] = SERVICE_NETWORKS) -> Store:
    """An empty cluster with its rules of admission and the namespaces that every cluster has.

    ``service_networks``: one for each address family of the cluster, the preferred family first.
    """
    services = ServiceAddresses(service_networks)
    store = Store((require_namespace, require_account, services, enforce_pod_security, keep_quotas))
    for name in SYSTEM_NAMESPACES:
        store.create("namespaces", {"metadata": {"name": name}})
    return store
