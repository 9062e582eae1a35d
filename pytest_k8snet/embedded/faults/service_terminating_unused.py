"""Endpoints that terminate get nothing even when there are no others."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices(
        "service-terminating-unused",
        "endpoints that serve while they terminate, where no other is ready",
        lambda cluster: _changed,
    )


def _changed(node: str, ports: Ports) -> Ports:
    return tuple(replace(port, endpoints=tuple(one for one in port.endpoints if not one.terminating)) for port in ports)
