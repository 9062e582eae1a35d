"""Fragments between pods are dropped."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.network.addresses import POD_SPACE
from pytest_k8snet.embedded.packet_rules import BEFORE_DEFRAGMENTATION, PacketRules, between

RULES = (
    between(POD_SPACE[4], POD_SPACE[4], "ip frag-off & 0x3fff != 0 drop"),
    between(POD_SPACE[6], POD_SPACE[6], "exthdr frag exists drop"),
)


def fault() -> Fault:
    """Return the fault."""
    breaks = "datagrams between pods that are longer than the MTU"
    return PacketRules("fragments-dropped", breaks, lambda node, cluster: {BEFORE_DEFRAGMENTATION: RULES})
