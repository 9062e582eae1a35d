"""internalTrafficPolicy: Local counts for nothing: other nodes' endpoints are used as well."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("service-internal-local-ignored", "internalTrafficPolicy: Local", lambda cluster: _changed)


def _changed(node: str, ports: Ports) -> Ports:
    return tuple(replace(port, internal_local=False) for port in ports)
