"""Session affinity never ends, whatever time-out a Service asks for."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices(
        "service-affinity-forever",
        "the time-out of sessionAffinity: clients are kept for ever",
        lambda cluster: _changed,
    )


def _changed(node: str, ports: Ports) -> Ports:
    return tuple(replace(port, affinity=86400) if port.affinity else port for port in ports)
