"""What NetworkPolicies allow a pod stays allowed to its addresses when it is gone: the next pod there has it too."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.policy.controller import Rewrite
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import Pod, World


def fault() -> Fault:
    """Return the fault."""
    breaks = "the end of a deleted pod's rights under NetworkPolicies"
    return RewrittenWorld("policy-address-reuse-stale", breaks, _remembering)


def _remembering(cluster: Target) -> Rewrite:
    known: dict[str, Pod] = {}

    def rewrite(world: World) -> World:
        known.update({pod.uid: pod for pod in world.pods})
        present = {pod.uid for pod in world.pods}
        gone = (replace(pod, devices=(), node="") for uid, pod in known.items() if uid not in present)
        return replace(world, pods=(*world.pods, *gone))

    return rewrite
