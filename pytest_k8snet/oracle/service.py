"""What a Service promises, as pure functions: which pods may answer a client, whether it is seen as it is, and why.

Sources: https://kubernetes.io/docs/concepts/services-networking/service/,
https://kubernetes.io/docs/reference/networking/virtual-ips/ and the fields of ServiceSpec.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace


class Where(enum.Enum):
    """Where a client is."""

    POD = "in a pod"
    NODE = "on a node"
    OUTSIDE = "outside"


class Way(enum.Enum):
    """By which address of a Service a client comes."""

    CLUSTER_IP = "cluster address"
    NODE_PORT = "node port"
    LOAD_BALANCER = "load balancer"
    EXTERNAL = "external address"


@dataclass(frozen=True)
class Endpoint:
    """A pod behind a Service. ``ready`` is what its EndpointSlice must say, which publishNotReadyAddresses changes."""

    pod: str
    node: str
    ready: bool = True
    serving: bool = True
    terminating: bool = False


@dataclass(frozen=True)
class Client:
    """Who asks. ``node`` is "" outside."""

    name: str
    node: str
    where: Where


@dataclass(frozen=True)
class Service:
    """What of a Service decides who answers. ``internal_local`` and ``external_local`` are its traffic policies.

    ``distribution`` is its trafficDistribution, ``zones`` those of the nodes by their names.
    """

    endpoints: tuple[Endpoint, ...]
    internal_local: bool = False
    external_local: bool = False
    distribution: str = ""
    zones: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Who may answer: nobody when ``pods`` is empty. ``spread``: each of them must answer some connections.

    ``unchanged_source``: they must see the client's own address. ``rejected``: what nobody answers must be refused
    and not be left hanging. ``left_open``: the specification does not say what becomes of such a connection.
    """

    pods: frozenset[str]
    because: str
    spread: bool = True
    unchanged_source: bool = False
    rejected: bool = False
    left_open: bool = False


def usable(endpoints: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """Return the endpoints in use: the ready ones, and only without any those that serve while they terminate."""
    known = tuple(endpoints)
    ready = tuple(endpoint for endpoint in known if endpoint.ready)
    return ready or tuple(endpoint for endpoint in known if endpoint.serving and endpoint.terminating)


def judge(service: Service, client: Client, way: Way, at_node: str = "") -> Verdict:
    """Say who may answer a client that comes by a way; ``at_node`` is the node whose node port it asks."""
    if way is Way.CLUSTER_IP:
        return _inside(service, client)
    if not service.external_local:
        return _outside(service, "externalTrafficPolicy: Cluster leads to the endpoints of all nodes")
    if way is Way.NODE_PORT:
        return _local_node_port(service, client, at_node)
    if client.where is not Where.OUTSIDE:
        return _outside(service, "from within the cluster, a load balancer's address always means all endpoints")
    return _outside(service, "externalTrafficPolicy: Local keeps the client's address", unchanged_source=True)


def _inside(service: Service, client: Client) -> Verdict:
    if client.where is Where.OUTSIDE:
        return Verdict(frozenset(), "a cluster address is for clients within the cluster only")
    if service.internal_local:
        local = _pods(service, client.node)
        because = f"internalTrafficPolicy: Local leads only to endpoints of the client's own node {client.node}"
        # It "behaves as if it has zero endpoints" there; whether that is refused or dropped is not said.
        return Verdict(local, because, unchanged_source=_unchanged(client, local))
    found = _pods(service)
    if not found:
        return Verdict(found, "the Service has no endpoint that could answer", rejected=True)
    close, because = _close(service, client)
    found = close or found
    return Verdict(found, because, unchanged_source=_unchanged(client, found))


def _close(service: Service, client: Client) -> tuple[frozenset[str], str]:
    """Return who should be preferred to others for being close to a client, nobody when that is no question; and why.

    "Implementations should prioritize endpoints" on the same node, in the same zone; without one nobody is refused.
    """
    said = f"trafficDistribution: {service.distribution}"
    if service.distribution == "PreferSameNode" and (same := _pods(service, client.node)):
        return same, f"{said} leads to the endpoints of the client's node {client.node} while it has one"
    zone = service.zones.get(client.node, "")
    within = replace(
        service, endpoints=tuple(one for one in service.endpoints if zone and service.zones.get(one.node) == zone)
    )
    if service.distribution and (same := _pods(within)):
        return same, f"{said} leads to the endpoints of the client's zone {zone} while it has one"
    return frozenset(), "a cluster address leads to every endpoint that is ready, from anywhere in the cluster"


def _outside(service: Service, because: str, *, unchanged_source: bool = False) -> Verdict:
    found = _pods(service)
    if not found:
        return Verdict(found, "the Service has no endpoint that could answer", rejected=True)
    return Verdict(found, because, unchanged_source=unchanged_source)


def _local_node_port(service: Service, client: Client, at_node: str) -> Verdict:
    local = _pods(service, at_node)
    if client.where is Where.OUTSIDE:
        because = f"externalTrafficPolicy: Local leads only to endpoints of the node {at_node} that was asked"
        return Verdict(local, because, unchanged_source=bool(local))
    # "Clients sending to a NodePort from within the cluster may need to take traffic policy into account when picking
    # a node": with endpoints there it must work; those elsewhere may be used or not.
    because = f"the node {at_node} has endpoints; from within the cluster those elsewhere may be used as well"
    return Verdict(_pods(service), because, spread=False, left_open=not local)


def _pods(service: Service, node: str = "") -> frozenset[str]:
    candidates = [endpoint for endpoint in service.endpoints if not node or endpoint.node == node]
    return frozenset(endpoint.pod for endpoint in usable(candidates))


def _unchanged(client: Client, answering: frozenset[str]) -> bool:
    """Whether a pod must be seen as it is: always, but where it may get back to itself, which needs another address."""
    return client.where is Where.POD and bool(answering) and client.name not in answering
