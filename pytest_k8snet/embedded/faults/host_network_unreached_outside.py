"""Hosts outside the cluster do not reach hostNetwork pods."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.hostports import FAMILY
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import INPUT, Chains, PacketRules


def fault() -> Fault:
    """Return the fault."""
    return PacketRules("host-network-unreached-outside", "hostNetwork pods, for hosts outside the cluster", _chains)


def _chains(node: Node, cluster: Target) -> Chains:
    return {
        INPUT: [
            f"{FAMILY[version]} saddr {address} ct state new ct status != dnat drop"
            for host in cluster.network.outside.values()
            for version, address in host.addresses.by_version
        ]
    }
