"""Nodes do not know the addresses of load balancers."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices(
        "service-balancer-unserved", "the addresses that a load balancer gave", lambda cluster: _changed
    )


def _changed(node: str, ports: Ports) -> Ports:
    return tuple(replace(port, external=(), balanced=()) for port in ports)
