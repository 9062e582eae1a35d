"""The path between two nodes takes smaller packets than the pods' MTU says, and nobody tells: a black hole."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import (
    BEFORE_DEFRAGMENTATION,
    Chains,
    PacketRules,
    between_nodes,
    whole_packets,
)

PATH_MTU = 1400


def fault() -> Fault:
    """Return the fault."""
    return PacketRules("wrong-mtu", f"packets above {PATH_MTU} bytes between pods of node-1 and node-2", _rules)


def _rules(node: Node, cluster: Target) -> Chains:
    first, second = cluster.two_nodes()
    if node not in (first, second):
        return {}
    other = second if node is first else first
    return {BEFORE_DEFRAGMENTATION: whole_packets(between_nodes(other, node, f"meta length > {PATH_MTU} drop"))}
