"""All connections to a Service end at its first endpoint, however many there are."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    breaks = "the spreading of connections over the endpoints of Services"
    return RewrittenServices("service-single-endpoint", breaks, lambda cluster: _first_only)


def _first_only(node: str, ports: Ports) -> Ports:
    return tuple(replace(port, endpoints=port.cluster_endpoints[:1]) for port in ports)
