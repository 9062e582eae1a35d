"""Services without endpoints are silent where they should refuse."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("service-no-reject", "the refusal by Services without endpoints", lambda cluster: _silent)


def _silent(node: str, ports: Ports) -> Ports:
    return tuple(replace(port, silent=True) for port in ports)
