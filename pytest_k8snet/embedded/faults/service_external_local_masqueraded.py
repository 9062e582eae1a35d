"""What comes from outside is masqueraded on its way to an endpoint, also with externalTrafficPolicy: Local."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.addresses import POD_SPACE
from pytest_k8snet.embedded.network.hostports import FAMILY
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.packet_rules import SOURCE_NAT, Chains, PacketRules


def fault() -> Fault:
    """Return the fault."""
    breaks = "the source address of clients outside with externalTrafficPolicy: Local"
    return PacketRules("service-external-local-masqueraded", breaks, _chains, nat=True)


def _chains(node: Node, cluster: Target) -> Chains:
    rules = [
        f"{FAMILY[version]} saddr {address} {FAMILY[version]} daddr {POD_SPACE[version]} ct status dnat masquerade"
        for host in cluster.network.outside.values()
        for version, address in host.addresses.by_version
    ]
    return {SOURCE_NAT: rules}
