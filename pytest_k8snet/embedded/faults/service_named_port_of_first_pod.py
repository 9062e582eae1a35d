"""A named target port counts as that of the first pod for all pods."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.services.ports import ServicePort
from pytest_k8snet.embedded.services.proxy import Ports
from pytest_k8snet.embedded.services.rewritten import RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices(
        "service-named-port-of-first-pod",
        "named target ports: all pods are taken to have the same number",
        lambda cluster: _changed,
    )


def _changed(node: str, ports: Ports) -> Ports:
    return tuple(map(_all_alike, ports))


def _all_alike(port: ServicePort) -> ServicePort:
    numbers = sorted(one.port for one in port.endpoints)
    return replace(port, endpoints=tuple(replace(one, port=numbers[0]) for one in port.endpoints))
