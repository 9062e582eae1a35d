"""Connections to a Service end at a pod that is not behind it, though it serves the same port."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.topology import Network
from pytest_k8snet.embedded.services.ports import Endpoint, ServicePort
from pytest_k8snet.embedded.services.proxy import Ports, Rewrite
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("service-wrong-backend", "Services: a pod that is no endpoint answers", _misled)


def _misled(cluster: Target) -> Rewrite:
    def rewrite(node: str, ports: Ports) -> Ports:
        return tuple(_with_stranger(port, cluster.network) for port in ports)

    return rewrite


def _with_stranger(port: ServicePort, network: Network) -> ServicePort:
    """Lead to one stranger if there is a pod that serves what an endpoint serves."""
    own = {endpoint.address for endpoint in port.endpoints}
    for endpoint in port.cluster_endpoints:
        for node, link in network.links():
            address = link.addresses.get(port.version)
            serves = any((one.protocol, one.port) == (port.protocol, endpoint.port) for one in link.ports)
            if serves and address and address not in own:
                return replace(port, endpoints=(Endpoint(address, endpoint.port, node.name),))
    return port
