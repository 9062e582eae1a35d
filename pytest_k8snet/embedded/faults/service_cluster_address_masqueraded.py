"""Endpoints see the node instead of the pod that asked their Service."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.addresses import POD_SPACE
from pytest_k8snet.embedded.network.hostports import FAMILY
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import SOURCE_NAT, Chains, PacketRules


def fault() -> Fault:
    """Return the fault."""
    breaks = "the source address of pods that ask a Service"
    return PacketRules("service-cluster-address-masqueraded", breaks, _chains, nat=True)


def _chains(node: Node, cluster: Target) -> Chains:
    rules = [
        f"{FAMILY[version]} saddr {space} {FAMILY[version]} daddr {space} ct status dnat masquerade"
        for version, space in POD_SPACE.items()
    ]
    return {SOURCE_NAT: rules}
