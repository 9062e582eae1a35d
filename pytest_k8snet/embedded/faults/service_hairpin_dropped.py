"""A pod does not reach itself through its own Service."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import FORWARD, Chains, PacketRules


def fault() -> Fault:
    """Return the fault."""
    return PacketRules("service-hairpin-dropped", "a pod's way to itself through its Service", _chains)


def _chains(node: Node, cluster: Target) -> Chains:
    # Only what goes back out of the interface that it came in by, which is what such a packet does.
    return {FORWARD: ['iifname "veth*" ct status dnat fib daddr . iif oif exists drop']}
