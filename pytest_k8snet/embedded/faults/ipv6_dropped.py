"""IPv6 between pods is dropped; IPv4 passes."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, NotPossible, Target
from pytest_k8snet.embedded.network.addresses import POD_SPACE
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import FORWARD, Chains, PacketRules, between


def fault() -> Fault:
    """Return the fault."""
    return PacketRules("ipv6-dropped", "IPv6 between pods", _rules)


def _rules(node: Node, cluster: Target) -> Chains:
    if 6 not in cluster.network.versions:
        raise NotPossible("the cluster has no IPv6")
    return {FORWARD: [between(POD_SPACE[6], POD_SPACE[6], "drop")]}
