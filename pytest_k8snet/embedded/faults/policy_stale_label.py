"""The labels that a pod has at its start are its labels for ever, as far as NetworkPolicies are concerned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.policy.controller import Rewrite
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import World


def fault() -> Fault:
    """Return the fault."""
    return RewrittenWorld("policy-stale-label", "changes of pod labels under NetworkPolicies", _remembering)


def _remembering(cluster: Target) -> Rewrite:
    first: dict[str, Mapping[str, str]] = {}

    def rewrite(world: World) -> World:
        pods = (replace(pod, labels=first.setdefault(pod.uid, pod.labels)) for pod in world.pods)
        return replace(world, pods=tuple(pods))

    return rewrite
