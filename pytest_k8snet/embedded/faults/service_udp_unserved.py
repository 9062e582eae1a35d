"""Services do not serve their UDP ports."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import OF_THE_CLUSTER, RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("service-udp-unserved", "the UDP ports of Services", lambda cluster: _without_udp)


def _without_udp(node: str, ports: Ports) -> Ports:
    return tuple(port for port in ports if port.protocol != "udp" or port.service in OF_THE_CLUSTER)
