"""Of UDP between pods a part is lost as soon as it is more than a few questions and answers."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import FORWARD, PacketRules, between_pods

LOST_OF = 10
MANY = "meta length > 1000 limit rate over 100/second burst 20 packets"
"""Other checks send small datagrams, or a few large ones, which must not be lost at random."""


def fault() -> Fault:
    """Return the fault."""
    rules = between_pods(f"meta l4proto udp {MANY} numgen random mod {LOST_OF} 0 drop")
    return PacketRules(
        "pods-lossy", "a part of UDP between pods, when it is much and large", lambda node, cluster: {FORWARD: rules}
    )
