"""What pods of the second node send to those of the first is limited; the other direction is not."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import FORWARD, TOO_FAST, Chains, PacketRules, between_nodes


def fault() -> Fault:
    """Return the fault."""
    return PacketRules("pods-slow-one-way", "fast TCP from pods of node-2 to pods of node-1", _rules)


def _rules(node: Node, cluster: Target) -> Chains:
    first, second = cluster.two_nodes()
    if node is not second:
        return {}
    return {FORWARD: between_nodes(second, first, f"meta l4proto tcp {TOO_FAST} drop")}
