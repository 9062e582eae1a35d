"""Nodes without an endpoint pass on what externalTrafficPolicy: Local makes them drop."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices(
        "service-external-local-forwarded",
        "externalTrafficPolicy: Local on nodes without endpoints",
        lambda cluster: _changed,
    )


def _changed(node: str, ports: Ports) -> Ports:
    return tuple(port if port.local_endpoints(node) else replace(port, external_local=False) for port in ports)
