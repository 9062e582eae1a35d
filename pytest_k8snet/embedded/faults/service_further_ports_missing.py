"""Of a Service with several port numbers only the first is served."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import OF_THE_CLUSTER, RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices(
        "service-further-ports-missing", "the further ports of Services with several", lambda cluster: _changed
    )


def _changed(node: str, ports: Ports) -> Ports:
    return tuple(port for port in ports if port.port == ports[0].port or port.service in OF_THE_CLUSTER)
