"""Nodes serve the address of a load balancer also where it wants it for itself."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("service-ip-mode-ignored", "ipMode: Proxy", lambda cluster: _served_anyway)


def _served_anyway(node: str, ports: Ports) -> Ports:
    return tuple(replace(port, external=(*port.external, *port.proxied)) for port in ports)
