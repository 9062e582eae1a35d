"""externalTrafficPolicy: Local counts for nothing: nodes pass on to other nodes, and clients' addresses are lost."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    breaks = "externalTrafficPolicy: Local"
    return RewrittenServices("service-external-local-ignored", breaks, lambda cluster: _cluster_wide)


def _cluster_wide(node: str, ports: Ports) -> Ports:
    return tuple(replace(port, external_local=False) for port in ports)
