"""What pods of one node send each other is limited."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import FORWARD, TOO_FAST, PacketRules


def fault() -> Fault:
    """Return the fault."""
    return PacketRules(
        "pods-on-a-node-slow",
        "fast TCP between pods of one node",
        lambda node, cluster: {FORWARD: [f'iifname "veth*" oifname "veth*" meta l4proto tcp {TOO_FAST} drop']},
    )
