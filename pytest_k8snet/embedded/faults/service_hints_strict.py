"""A node uses no endpoints but those whose hints are for it, also when that leaves it without any."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.services.ports import Endpoint
from pytest_k8snet.embedded.services.proxy import Ports, Rewrite
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    breaks = "Services with a trafficDistribution where no endpoint is near"
    return RewrittenServices("service-hints-strict", breaks, _near_only)


def _near_only(cluster: Target) -> Rewrite:
    zones = cluster.services.zones

    def is_meant(endpoint: Endpoint, node: str) -> bool:
        names = (*endpoint.for_nodes, *endpoint.for_zones)
        return not names or node in names or zones.get(node) in names

    def rewrite(node: str, ports: Ports) -> Ports:
        return tuple(replace(port, endpoints=tuple(e for e in port.endpoints if is_meant(e, node))) for port in ports)

    return rewrite
