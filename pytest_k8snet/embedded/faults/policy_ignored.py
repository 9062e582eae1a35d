"""NetworkPolicies are stored, and nobody does anything about them."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import World


def fault() -> Fault:
    """Return the fault."""
    return RewrittenWorld("policy-ignored", "every NetworkPolicy", lambda cluster: _without_policies)


def _without_policies(world: World) -> World:
    return replace(world, policies=())
