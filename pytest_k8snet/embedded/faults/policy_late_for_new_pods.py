"""NetworkPolicies take hold of a new pod only some time after its start; for pods that are there they work at once."""

from __future__ import annotations

import asyncio

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.policy.controller import PolicyController

LATE_SECONDS = 3.0


class PolicyLateForNewPods:
    """New pods are exempt from isolation for a while."""

    name = "policy-late-for-new-pods"
    breaks = "NetworkPolicies in the first seconds of a pod"
    layer = "network policy"

    def __init__(self) -> None:
        self._policies: PolicyController | None = None

    async def apply(self, cluster: Target) -> None:
        """Begin with the next pod. It must be exempt before the controller hears of it."""
        self._policies = cluster.policies
        for node in cluster.network.nodes.values():
            node.on_attach.insert(0, self._exempt)

    async def revert(self, cluster: Target) -> None:
        """Isolate all pods."""
        for node in cluster.network.nodes.values():
            node.on_attach.remove(self._exempt)
        cluster.policies.exempt.clear()
        await cluster.policies.update()

    async def _exempt(self, node: Node, link: PodLink) -> None:
        assert self._policies is not None, "it is applied before a pod can come"
        self._policies.exempt.add(link.owner)
        asyncio.get_running_loop().call_later(LATE_SECONDS, self._policies.isolate, link.owner)


def fault() -> Fault:
    """Return the fault."""
    return PolicyLateForNewPods()
