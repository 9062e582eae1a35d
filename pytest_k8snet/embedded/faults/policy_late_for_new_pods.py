"""NetworkPolicies take hold of a new pod some time after its start; those that are younger than it work at once."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace

from pytest_k8snet.embedded.api.objects import namespace_of
from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.policy.controller import Rewrite
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import Pod, World

LATE_SECONDS = 4.0


def fault() -> Fault:
    """Return the fault."""
    return RewrittenWorld("policy-late-for-new-pods", "NetworkPolicies in the first seconds of a pod", _exempting)


def _exempting(cluster: Target) -> Rewrite:
    """A pod counts from when its rules are first made, which is before its first container starts."""
    loop = asyncio.get_running_loop()
    since = {link.owner: -math.inf for _, link in cluster.network.links()}
    written: dict[str, float] = {}

    def begun(pod: Pod) -> float:
        if pod.uid not in since:
            since[pod.uid] = loop.time()
            loop.call_later(LATE_SECONDS, cluster.policies.need)
        return since[pod.uid]

    def held(pod: Pod, newest: dict[str, float]) -> bool:
        return begun(pod) + LATE_SECONDS <= loop.time() or begun(pod) < newest.get(pod.namespace, -math.inf)

    def rewrite(world: World) -> World:
        newest: dict[str, float] = {}
        for policy in world.policies:
            at = written.setdefault(policy["metadata"]["uid"], loop.time())
            newest[namespace_of(policy)] = max(at, newest.get(namespace_of(policy), -math.inf))
        pods = (replace(pod, shielded=pod.shielded and held(pod, newest)) for pod in world.pods)
        return replace(world, pods=tuple(pods))

    return rewrite
