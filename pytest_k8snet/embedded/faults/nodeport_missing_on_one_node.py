"""One node serves no node ports; the others do."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.services.proxy import Ports, Rewrite
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("nodeport-missing-on-one-node", "the node ports of one node", _without_node_ports)


def _without_node_ports(cluster: Target) -> Rewrite:
    _, without = cluster.two_nodes()

    def rewrite(node: str, ports: Ports) -> Ports:
        return tuple(replace(port, node_port=0) for port in ports) if node == without.name else ports

    return rewrite
