"""One of several endpoints of a Service gets no connections."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.ports import ServicePort
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    breaks = "one endpoint of each Service: it gets nothing where there are three or more"
    return RewrittenServices("service-endpoint-unused", breaks, lambda cluster: _without_the_last)


def _without_the_last(node: str, ports: Ports) -> Ports:
    return tuple(map(_shortened, ports))


def _shortened(port: ServicePort) -> ServicePort:
    used = port.cluster_endpoints
    return replace(port, endpoints=used[:-1]) if len(used) > 2 else port
