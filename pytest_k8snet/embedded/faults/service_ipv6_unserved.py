"""Services do not serve their IPv6 addresses."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("service-ipv6-unserved", "the IPv6 addresses of Services", lambda cluster: _without_ipv6)


def _without_ipv6(node: str, ports: Ports) -> Ports:
    return tuple(port for port in ports if port.version == 4)
