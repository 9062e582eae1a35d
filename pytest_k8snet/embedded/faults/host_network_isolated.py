"""Pods in the host network are not reached from other nodes."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.hostports import FAMILY
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import INPUT, Chains, PacketRules


def fault() -> Fault:
    """Return the fault."""
    return PacketRules("host-network-isolated", "hostNetwork pods to hostNetwork pods of other nodes", _rules)


def _rules(node: Node, cluster: Target) -> Chains:
    others = [other for other in cluster.network.nodes.values() if other is not node]
    return {
        INPUT: [
            f"{FAMILY[version]} saddr {address} ct state new drop"
            for other in others
            for version, address in other.addresses.by_version
        ]
    }
