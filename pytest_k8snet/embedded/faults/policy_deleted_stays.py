"""A NetworkPolicy that is deleted stays in force, until one of its name is written again."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.api.objects import Obj, name_of, namespace_of
from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.policy.controller import Rewrite
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import World


def fault() -> Fault:
    """Return the fault."""
    return RewrittenWorld("policy-deleted-stays", "the deletion of NetworkPolicies", _remembering)


def _remembering(cluster: Target) -> Rewrite:
    known: dict[tuple[str, str], Obj] = {}

    def rewrite(world: World) -> World:
        known.update({(namespace_of(policy), name_of(policy)): policy for policy in world.policies})
        return replace(world, policies=tuple(known.values()))

    return rewrite
