"""Whom the hints of an endpoint are for counts for nothing: Services with a trafficDistribution use all endpoints."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("service-hints-ignored", "trafficDistribution", lambda cluster: _without_hints)


def _without_hints(node: str, ports: Ports) -> Ports:
    return tuple(
        replace(port, endpoints=tuple(replace(one, for_zones=(), for_nodes=()) for one in port.endpoints))
        for port in ports
    )
