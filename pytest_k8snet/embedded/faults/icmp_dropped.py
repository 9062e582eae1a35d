"""Ping between pods is dropped; ICMP errors pass."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import FORWARD, PacketRules, between_pods

ECHO = ("icmp type { echo-request, echo-reply } drop", "icmpv6 type { echo-request, echo-reply } drop")


def fault() -> Fault:
    """Return the fault."""
    rules = [rule for rule, echo in zip(between_pods(""), ECHO, strict=True) for rule in (rule + echo,)]
    return PacketRules("icmp-dropped", "ping between pods", lambda node, cluster: {FORWARD: rules})
