"""Ports that were taken away from a Service are served on, with the endpoints that they had."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.services.ports import ServicePort
from pytest_k8snet.embedded.services.proxy import Ports, Rewrite
from pytest_k8snet.embedded.services.rewritten import RewrittenServices

Key = tuple[str, str, int, str]


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("service-former-ports-kept", "the end of ports that a Service had", _remembering)


def _remembering(cluster: Target) -> Rewrite:
    known: dict[Key, dict[tuple[str, int], ServicePort]] = {}

    def rewrite(node: str, ports: Ports) -> Ports:
        served: dict[tuple[int, str, int], ServicePort] = {}
        for port in ports:
            # By the cluster address as well: a Service of the same name that is new has not had these ports.
            former = known.setdefault((node, port.service, port.version, port.cluster_ip), {})
            former[port.protocol, port.port] = port
            served |= {(port.version, *key): one for key, one in former.items()}
        return tuple(served.values())

    return rewrite
