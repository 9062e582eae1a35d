"""Of UDP between pods a part is lost as soon as it is more than a few questions and answers."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import FORWARD, PacketRules, between_pods

LOST_OF = 20
MANY = "limit rate over 500/second burst 200 packets"
"""Other checks ask by a datagram or two, which must not be lost at random."""


def fault() -> Fault:
    """Return the fault."""
    rules = between_pods(f"meta l4proto udp {MANY} numgen random mod {LOST_OF} 0 drop")
    return PacketRules("pods-lossy", "a part of fast UDP between pods", lambda node, cluster: {FORWARD: rules})
