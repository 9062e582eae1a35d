"""Services lead to pods that are not ready."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices(
        "service-not-ready-used",
        "readiness: Services lead to pods that are not ready as well",
        lambda cluster: _changed,
    )


def _changed(node: str, ports: Ports) -> Ports:
    return tuple(
        replace(port, endpoints=tuple(replace(one, ready=one.ready or not one.terminating) for one in port.endpoints))
        for port in ports
    )
