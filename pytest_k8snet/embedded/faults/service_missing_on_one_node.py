"""One node does not know any Service but those of the cluster itself; the others do."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.services.proxy import Ports, Rewrite
from pytest_k8snet.embedded.services.rewritten import OF_THE_CLUSTER, RewrittenServices


def fault() -> Fault:
    """Return the fault."""
    return RewrittenServices("service-missing-on-one-node", "the Services of one node", _without_services)


def _without_services(cluster: Target) -> Rewrite:
    _, without = cluster.two_nodes()

    def rewrite(node: str, ports: Ports) -> Ports:
        kept = tuple(port for port in ports if port.service in OF_THE_CLUSTER)
        return kept if node == without.name else ports

    return rewrite
