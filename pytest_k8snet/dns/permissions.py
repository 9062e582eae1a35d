"""What the checks of DNS do through the API beside what every run does."""

from __future__ import annotations

from pytest_k8snet.kube.client import KubeApi

PERMISSIONS: tuple[tuple[str, str, str], ...] = (
    *((verb, "", "services") for verb in ("create", "delete", "get", "list", "patch")),
    *((verb, "discovery.k8s.io", "endpointslices") for verb in ("create", "list", "patch")),
    ("get", "", "configmaps"),
)
"""Verb, API group and resource."""

OF_DRILLS: tuple[tuple[str, str, str], ...] = (("list", "", "configmaps"), ("patch", "", "configmaps"))
"""Needed by those checks alone that put another Corefile into the cluster."""


def refused(api: KubeApi, wanted: tuple[tuple[str, str, str], ...] = PERMISSIONS) -> str:
    """Return what the credentials may not do of what is wanted, in words, or ""."""
    found = [f"{verb} {resource}" for verb, group, resource in wanted if not api.may(verb, resource, group=group)]
    if not found:
        return ""
    return f"these credentials may not {', '.join(found)}, which the checks of DNS need; see docs/rbac.yaml"
