"""What pods of two nodes send each other is limited to a hundredth of what the nodes could carry."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import FORWARD, TOO_FAST, Chains, PacketRules, between_nodes


def fault() -> Fault:
    """Return the fault."""
    return PacketRules("pods-between-nodes-slow", "fast TCP between pods of node-1 and node-2", _rules)


def _rules(node: Node, cluster: Target) -> Chains:
    first, second = cluster.two_nodes()
    if node not in (first, second):
        return {}
    other = second if node is first else first
    return {FORWARD: between_nodes(node, other, f"meta l4proto tcp {TOO_FAST} drop")}
