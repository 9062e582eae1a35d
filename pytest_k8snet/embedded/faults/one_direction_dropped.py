"""Connections from the pods of one node to those of another are dropped; the other direction works."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import FORWARD, Chains, PacketRules, between_nodes


def fault() -> Fault:
    """Return the fault."""
    return PacketRules("one-direction-dropped", "connections from pods of node-1 to pods of node-2", _rules)


def _rules(node: Node, cluster: Target) -> Chains:
    here, there = cluster.two_nodes()
    # Answers must pass: without "new" the connections of the other direction would be cut as well.
    return {FORWARD: between_nodes(here, there, "ct state new drop")} if node is here else {}
