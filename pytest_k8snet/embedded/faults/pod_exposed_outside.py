"""Every port that a pod of a node serves is forwarded from the node's addresses, as if it were a hostPort."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.hostports import FAMILY
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import DESTINATION_NAT, Chains, PacketRules


def fault() -> Fault:
    """Return the fault."""
    breaks = "the isolation of undeclared ports: they are reachable at the node's addresses"
    return PacketRules("pod-exposed-outside", breaks, _rules, nat=True, follows_pods=True)


def _rules(node: Node, cluster: Target) -> Chains:
    targets: dict[tuple[int, str, int], str] = {}
    for link in node.links:
        for port in link.ports:
            for version, address in link.addresses.by_version:
                targets.setdefault((version, port.protocol, port.port), address)
    rules = [
        f"meta nfproto ipv{version} fib daddr type local {protocol} dport {port} dnat {FAMILY[version]} to {pod}"
        for (version, protocol, port), pod in targets.items()
    ]
    return {DESTINATION_NAT: rules}
