"""What nodes take from pods is limited."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.network.addresses import POD_SPACE
from pytest_k8snet.embedded.network.hostports import FAMILY
from pytest_k8snet.embedded.packet_rules import INPUT, TOO_FAST, PacketRules


def fault() -> Fault:
    """Return the fault."""
    rules = [f"{FAMILY[version]} saddr {POD_SPACE[version]} meta l4proto tcp {TOO_FAST} drop" for version in (4, 6)]
    return PacketRules("pods-to-nodes-slow", "fast TCP from pods to nodes", lambda node, cluster: {INPUT: rules})
