"""A pod of which a container was restarted is not isolated any more."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.policy.controller import Rewrite
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import Pod, World


def fault() -> Fault:
    """Return the fault."""
    return RewrittenWorld("policy-restart-forgets", "NetworkPolicies for pods that were restarted", _remembering)


def _remembering(cluster: Target) -> Rewrite:
    first: dict[str, int] = {}

    def forgetful(pod: Pod) -> Pod:
        intact = pod.restarts == first.setdefault(pod.uid, pod.restarts)
        return replace(pod, shielded=pod.shielded and intact)

    def rewrite(world: World) -> World:
        return replace(world, pods=tuple(map(forgetful, world.pods)))

    return rewrite
