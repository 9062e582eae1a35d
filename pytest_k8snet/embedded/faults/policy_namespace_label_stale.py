"""The labels that a namespace has at first are its labels for ever, as far as NetworkPolicies are concerned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.policy.controller import Rewrite
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import World


def fault() -> Fault:
    """Return the fault."""
    breaks = "changes of namespace labels under NetworkPolicies"
    return RewrittenWorld("policy-namespace-label-stale", breaks, _remembering)


def _remembering(cluster: Target) -> Rewrite:
    known: dict[str, Mapping[str, str]] = {}

    def rewrite(world: World) -> World:
        # A namespace that is gone is forgotten: the next one of its name is another.
        first = {name: known.get(name, labels) for name, labels in world.namespaces.items()}
        known.clear()
        known.update(first)
        return replace(world, namespaces=first)

    return rewrite
