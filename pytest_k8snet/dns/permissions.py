"""What the checks of DNS do through the API beside what every run does."""

from __future__ import annotations

from pytest_k8snet.kube import permissions
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.permissions import Permission

PERMISSIONS: tuple[Permission, ...] = (
    *((verb, "", "services") for verb in ("create", "delete", "get", "list", "patch")),
    *((verb, "discovery.k8s.io", "endpointslices") for verb in ("create", "list", "patch")),
    ("get", "", "configmaps"),
)

OF_DRILLS: tuple[Permission, ...] = (("list", "", "configmaps"), ("patch", "", "configmaps"))
"""Needed by those checks alone that put another Corefile into the cluster."""


def refused(api: KubeApi, wanted: tuple[Permission, ...] = PERMISSIONS) -> str:
    """Return what the credentials may not do of what is wanted, in words, or ""."""
    return permissions.refused(api, wanted, "the checks of DNS need")
