"""A pod that is isolated when it is started is isolated from its own node, too: the kubelet does not reach it."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import OUTPUT, load
from pytest_k8snet.embedded.policy.world import Census, World, policy_types


class OwnNodeBlocked:
    """Rules on the node before the first container starts, by the world of which its policies' rules were just made."""

    name = "policy-own-node-blocked"
    breaks = "the own node's right to reach a pod under NetworkPolicies"
    layer = "network policy"

    def __init__(self) -> None:
        self._world = World()

    async def apply(self, cluster: Target) -> None:
        """Begin with the next pod."""
        cluster.policies.rewrites[self.name] = self._remember
        await cluster.policies.update()
        for node in cluster.network.nodes.values():
            node.on_attach.append(self._block)

    async def revert(self, cluster: Target) -> None:
        """Let every node reach its pods again."""
        for node in cluster.network.nodes.values():
            node.on_attach.remove(self._block)
            await load(node.netns, self.name, {})
        cluster.policies.rewrites.pop(self.name, None)
        await cluster.policies.update()

    def _remember(self, world: World) -> World:
        self._world = world
        return world

    async def _block(self, node: Node, link: PodLink) -> None:
        census = Census(self._world)
        policies = (policy for policy in self._world.policies if "Ingress" in policy_types(policy))
        isolated = {device for policy in policies for pod in census.selected(policy) for device in pod.devices}
        rules = [f'oifname "{device}" ct state new drop' for device in sorted(isolated)]
        await load(node.netns, self.name, {OUTPUT: rules} if rules else {})


def fault() -> Fault:
    """Return the fault."""
    return OwnNodeBlocked()
