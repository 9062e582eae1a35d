"""Services spread the connections of one client although they ask for session affinity."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("service-affinity-ignored", "sessionAffinity: ClientIP", lambda cluster: _without)


def _without(node: str, ports: Ports) -> Ports:
    return tuple(replace(port, affinity=0) for port in ports)
