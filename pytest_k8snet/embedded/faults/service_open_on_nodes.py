"""Every Service is open at the addresses of nodes, whatever its type."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.services.ports import ServicePort
from pytest_k8snet.embedded.services.proxy import Ports, Rewrite
from pytest_k8snet.embedded.services.rewritten import RewrittenServices

DNS = 53
"""The name servers' port stays closed: hosts may have it in use themselves."""


def fault() -> Fault:
    """Return the fault."""
    breaks = "the isolation of ClusterIP Services: they are open at the addresses of nodes"
    return RewrittenServices("service-open-on-nodes", breaks, _opening)


def _opening(cluster: Target) -> Rewrite:
    """A port of a node belongs to one Service at a time, as NodePorts do: to the first, for as long as it is there."""
    owners: dict[tuple[str, int, str, int], str] = {}

    def opened(node: str, port: ServicePort) -> ServicePort:
        if port.node_port or port.port == DNS:
            return port
        place = (node, port.version, port.protocol, port.port)
        owner = owners.get(place)
        if owner is None or not cluster.services.has(owner):
            owner = owners[place] = port.service
        return replace(port, node_port=port.port) if owner == port.service else port

    def rewrite(node: str, ports: Ports) -> Ports:
        return tuple(opened(node, port) for port in ports)

    return rewrite
