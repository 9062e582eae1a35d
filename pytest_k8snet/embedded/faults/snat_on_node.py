"""What pods of one node send each other gets the node's address as its source."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import SOURCE_NAT, PacketRules, between_nodes


def fault() -> Fault:
    """Return the fault."""
    return PacketRules(
        "snat-on-node",
        "the source address of pods, seen on the same node",
        lambda node, cluster: {SOURCE_NAT: between_nodes(node, node, "masquerade")},
        nat=True,
    )
