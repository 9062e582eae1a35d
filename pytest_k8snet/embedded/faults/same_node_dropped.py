"""What pods of one node send each other is dropped."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import FORWARD, PacketRules


def fault() -> Fault:
    """Return the fault."""
    return PacketRules(
        "same-node-dropped",
        "pod to pod on one node",
        lambda node, cluster: {FORWARD: ['iifname "veth*" oifname "veth*" drop']},
    )
