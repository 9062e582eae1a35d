"""Nodes with endpoints lead what comes from outside to no others, whatever the policy says."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices(
        "service-external-cluster-local-only",
        "externalTrafficPolicy: Cluster where a node has endpoints",
        lambda cluster: _changed,
    )


def _changed(node: str, ports: Ports) -> Ports:
    return tuple(replace(port, external_local=True) if port.local_endpoints(node) else port for port in ports)
