"""Nodes accept nothing for the externalIPs of Services."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("service-external-ips-unserved", "externalIPs", lambda cluster: _without_external_ips)


def _without_external_ips(node: str, ports: Ports) -> Ports:
    return tuple(replace(port, external=port.balanced) for port in ports)
