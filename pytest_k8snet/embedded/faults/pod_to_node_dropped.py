"""Connections from pods to their own node are dropped."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import INPUT, PacketRules


def fault() -> Fault:
    """Return the fault."""
    return PacketRules(
        "pod-to-node-dropped",
        "pod to its own node",
        lambda node, cluster: {INPUT: ['iifname "veth*" ct state new drop']},
    )
