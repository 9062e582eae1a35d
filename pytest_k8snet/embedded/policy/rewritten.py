"""Faults in which something else is enforced than the NetworkPolicies that are stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Target
from pytest_k8snet.embedded.policy.controller import Rewrite
from pytest_k8snet.embedded.policy.world import Beforehand, World


@dataclass
class RewrittenWorld:
    """``begin`` gives, when the fault is put in, what makes of the real world the one that is enforced.

    So a fault that remembers something begins anew each time.
    """

    name: str
    breaks: str
    begin: Callable[[Target], Rewrite]
    layer: str = "network policy"

    async def apply(self, cluster: Target) -> None:
        """Enforce the rewritten world."""
        cluster.policies.rewrites[self.name] = self.begin(cluster)
        await cluster.policies.update()

    async def revert(self, cluster: Target) -> None:
        """Enforce what is stored."""
        cluster.policies.rewrites.pop(self.name, None)
        await cluster.policies.update()


def altered_policies(name: str, breaks: str, alter: Callable[[Obj], Obj]) -> RewrittenWorld:
    """Return a fault that takes every policy for another one."""

    def rewrite(world: World) -> World:
        return replace(world, policies=tuple(map(alter, world.policies)))

    return RewrittenWorld(name, breaks, lambda cluster: rewrite)


def altered_tiers(name: str, breaks: str, alter: Callable[[Obj], Obj | None]) -> RewrittenWorld:
    """Return a fault that takes every cluster-wide policy for another one, or for none."""

    def rewrite(world: World) -> World:
        altered = (made for policy in world.cluster_policies if (made := alter(policy)) is not None)
        return replace(world, cluster_policies=tuple(altered))

    return RewrittenWorld(name, breaks, lambda cluster: rewrite)


def rules_beforehand(name: str, breaks: str, rules: Beforehand) -> RewrittenWorld:
    """Return a fault that puts rules before those of every isolated pod."""

    def rewrite(world: World) -> World:
        return replace(world, beforehand=(*world.beforehand, rules))

    return RewrittenWorld(name, breaks, lambda cluster: rewrite)


def unjudged(name: str, breaks: str, *conditions: str) -> RewrittenWorld:
    """Return a fault that lets packets pass, whatever the policies say, if one of the nftables conditions holds."""
    accepted = [f"{condition} accept" for condition in conditions]
    return rules_beforehand(name, breaks, lambda policies, direction: accepted)
