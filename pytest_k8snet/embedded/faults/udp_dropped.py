"""UDP between pods is dropped."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import FORWARD, PacketRules, between_pods


def fault() -> Fault:
    """Return the fault."""
    return PacketRules(
        "udp-dropped",
        "UDP between pods",
        lambda node, cluster: {FORWARD: between_pods("meta l4proto udp drop")},
    )
