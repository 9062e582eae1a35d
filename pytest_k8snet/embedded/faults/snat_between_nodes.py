"""What leaves a node for pods elsewhere gets the node's address as its source."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import SOURCE_NAT, Chains, PacketRules, between_nodes


def fault() -> Fault:
    """Return the fault."""
    return PacketRules("snat-between-nodes", "the source address of pods, seen on other nodes", _rules, nat=True)


def _rules(node: Node, cluster: Target) -> Chains:
    others = [other for other in cluster.network.nodes.values() if other is not node]
    return {SOURCE_NAT: [rule for other in others for rule in between_nodes(node, other, "masquerade")]}
