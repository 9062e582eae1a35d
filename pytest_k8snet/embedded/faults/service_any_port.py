"""Services answer also at the ports of their pods, which they do not have."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("service-any-port", "the ports that a Service does not have", lambda cluster: _changed)


def _changed(node: str, ports: Ports) -> Ports:
    known = {(port.version, port.protocol, port.port) for port in ports}
    more = [
        replace(port, port=port.endpoints[0].port, node_port=0, external=(), balanced=())
        for port in ports
        if port.endpoints and (port.version, port.protocol, port.endpoints[0].port) not in known
    ]
    return (*ports, *{(port.version, port.protocol, port.port): port for port in more}.values())
