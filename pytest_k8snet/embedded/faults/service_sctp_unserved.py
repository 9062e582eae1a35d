"""Services do not serve their SCTP ports."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("service-sctp-unserved", "the SCTP ports of Services", lambda cluster: _without_sctp)


def _without_sctp(node: str, ports: Ports) -> Ports:
    return tuple(port for port in ports if port.protocol != "sctp")
