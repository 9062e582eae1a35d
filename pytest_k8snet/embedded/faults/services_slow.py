"""What goes to a Service is limited; what goes to the same pods by their own addresses is not."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import FORWARD, TOO_FAST, PacketRules


def fault() -> Fault:
    """Return the fault."""
    rule = f"ct status dnat ct direction original meta l4proto tcp {TOO_FAST} drop"
    return PacketRules("services-slow", "fast TCP to Services", lambda node, cluster: {FORWARD: [rule]})
