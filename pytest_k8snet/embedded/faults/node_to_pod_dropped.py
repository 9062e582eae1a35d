"""Connections from a node to its own pods are dropped; the kubelet's probes pass, so that pods stay Ready."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.kubelet.probes import KUBELET_MARK
from pytest_k8snet.embedded.packet_rules import OUTPUT, PacketRules

RULE = f'oifname "veth*" meta mark != {KUBELET_MARK} ct state new drop'


def fault() -> Fault:
    """Return the fault."""
    return PacketRules("node-to-pod-dropped", "node to its own pods", lambda node, cluster: {OUTPUT: [RULE]})
