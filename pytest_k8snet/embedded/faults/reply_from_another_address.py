"""UDP answers of pods arrive with the address of their node as the source."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.addresses import POD_SPACE
from pytest_k8snet.embedded.network.hostports import FAMILY
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import FORWARD, Chains, PacketRules, between


def fault() -> Fault:
    """Return the fault."""
    return PacketRules("reply-from-another-address", "the source of UDP answers", _rules)


def _rules(node: Node, cluster: Target) -> Chains:
    # Written into the packet behind the back of conntrack, which would keep NAT's answers straight.
    return {
        FORWARD: [
            between(
                POD_SPACE[version],
                POD_SPACE[version],
                f"meta l4proto udp ct direction reply {FAMILY[version]} saddr set {address}",
            )
            for version, address in node.addresses.by_version
        ]
    }
