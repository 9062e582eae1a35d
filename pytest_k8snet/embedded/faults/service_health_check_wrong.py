"""Health check node ports, and load balancers that go by them, take every node for one with endpoints."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.services.ports import ServicePort
from pytest_k8snet.embedded.services.proxy import Ports


class HealthCheckWrong:
    """What is told of each endpoint is that there is one on every node."""

    name = "service-health-check-wrong"
    breaks = "health check node ports: nodes without endpoints say that they have some"
    layer = "service proxy"

    async def apply(self, cluster: Target) -> None:
        """Tell it so."""
        nodes = tuple(cluster.network.nodes)
        cluster.services.tell = lambda ports: tuple(_everywhere(port, nodes) for port in ports)
        await cluster.services.update()

    async def revert(self, cluster: Target) -> None:
        """Tell it as it is."""
        cluster.services.tell = _as_it_is
        await cluster.services.update()


def fault() -> Fault:
    """Return the fault."""
    return HealthCheckWrong()


def _as_it_is(ports: Ports) -> Ports:
    return ports


def _everywhere(port: ServicePort, nodes: tuple[str, ...]) -> ServicePort:
    endpoints = tuple(replace(one, node=name) for one in port.endpoints for name in nodes)
    return replace(port, endpoints=endpoints)
