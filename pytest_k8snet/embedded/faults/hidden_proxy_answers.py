"""TCP connections to ports that a pod does not declare are answered by one that it serves."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.hostports import FAMILY
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import DESTINATION_NAT, Chains, PacketRules


def fault() -> Fault:
    """Return the fault."""
    breaks = "the refusal of TCP connections to closed ports of pods"
    return PacketRules("hidden-proxy-answers", breaks, _rules, nat=True, follows_pods=True)


def _rules(node: Node, cluster: Target) -> Chains:
    return {DESTINATION_NAT: [rule for link in node.links for rule in _diverted(link)]}


def _diverted(link: PodLink) -> Iterator[str]:
    ports = sorted({port.port for port in link.ports if port.protocol == "tcp"})
    if not ports:
        return
    served = ", ".join(map(str, ports))
    for version, address in link.addresses.by_version:
        family = FAMILY[version]
        target = f"[{address}]" if version == 6 else address
        yield f"{family} daddr {address} tcp dport != {{ {served} }} dnat {family} to {target}:{ports[0]}"
