"""What credentials may not do, in words."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_k8snet.kube.client import KubeApi

Permission = tuple[str, str, str]
"""Verb, API group and resource."""


def refused(api: KubeApi, wanted: Iterable[Permission], by: str) -> str:
    """Return what the credentials may not do of what is wanted ``by`` somebody ("the checks of DNS need"), or ""."""
    found = [f"{verb} {resource}" for verb, group, resource in wanted if not api.may(verb, resource, group=group)]
    return f"these credentials may not {', '.join(found)}, which {by}; see docs/rbac.yaml" if found else ""
