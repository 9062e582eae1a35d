"""Every Service is open at the addresses of nodes, whatever its type."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    breaks = "the isolation of ClusterIP Services: they are open at the addresses of nodes"
    return RewrittenServices("service-open-on-nodes", breaks, lambda cluster: _opened)


def _opened(node: str, ports: Ports) -> Ports:
    # Not the name server's port, which hosts may have in use themselves.
    return tuple(replace(port, node_port=port.node_port or port.port) if port.port != 53 else port for port in ports)
