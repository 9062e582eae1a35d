"""Which UDP flows have to end when the endpoints of Services have changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_k8snet.embedded.services.conntrack import Flow
from pytest_k8snet.embedded.services.ports import ServicePort

Destinations = Mapping[tuple[str, int], frozenset[tuple[str, int]]]
"""Where packets to an address and port of a Service may end up."""


def destinations(ports: Iterable[ServicePort], node_addresses: Mapping[int, str]) -> Destinations:
    """Return the destinations of the UDP ports of a Service, as one node serves them."""
    found: dict[tuple[str, int], frozenset[tuple[str, int]]] = {}
    for port in ports:
        if port.protocol != "udp":
            continue
        endpoints = frozenset((endpoint.address, endpoint.port) for endpoint in port.cluster_endpoints)
        for address in (port.cluster_ip, *port.external):
            found[address, port.port] = endpoints
        if port.node_port:
            found[node_addresses[port.version], port.node_port] = endpoints
    return found


@dataclass(frozen=True)
class StaleFlows:
    """Tells stale flows from others by what is ``allowed`` now, or was until now (then it leads nowhere)."""

    allowed: Destinations

    @property
    def addresses(self) -> frozenset[str]:
        """Where stale flows were sent to."""
        return frozenset(address for address, _ in self.allowed)

    def __call__(self, flow: Flow) -> bool:
        """Whether a flow reaches what it may not."""
        return flow.wanted in self.allowed and flow.reached not in self.allowed[flow.wanted]


def stale_flows(before: Iterable[Destinations], after: Iterable[Destinations]) -> StaleFlows | None:
    """Return what tells a stale flow of Services that have changed, None when there can be none.

    A flow is stale when it reaches what is no endpoint any more, or never was: packets that came earlier than their
    Service were translated to nothing, and would stay so.
    """
    old = {wanted: endpoints for listed in before for wanted, endpoints in listed.items()}
    new = {wanted: endpoints for listed in after for wanted, endpoints in listed.items()}
    allowed = {**dict.fromkeys(old, frozenset[tuple[str, int]]()), **new}
    changed = {
        wanted: endpoints for wanted, endpoints in allowed.items() if wanted not in old or not old[wanted] <= endpoints
    }
    return StaleFlows(changed) if changed else None
