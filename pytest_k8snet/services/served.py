"""A Service that a check has made: the pods that must be behind it, and the addresses at which it must answer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_k8snet.cluster import Namespace
from pytest_k8snet.kube.pods import POD_PORT
from pytest_k8snet.oracle.service import Endpoint, Service, Way
from pytest_k8snet.probe.observation import Family, Pod, Protocol

Object = dict[str, Any]

PORT = 80
TCP_UDP = (Protocol.TCP, Protocol.UDP)


def ports_at(number: int) -> list[Object]:
    """Return the ports of a Service that leads from one number, over TCP and UDP, to where its pods listen."""
    return [
        {"name": protocol.value, "port": number, "targetPort": POD_PORT, "protocol": protocol.upper()}
        for protocol in TCP_UDP
    ]


@dataclass(frozen=True, slots=True)
class Door:
    """Where a Service answers by one of its ways. ``node`` is the one whose node port it is, "" otherwise."""

    way: Way
    address: str
    port: int
    protocol: Protocol
    name: str
    node: str = ""

    def at_port(self, number: int) -> Door:
        """Return the same address with another port."""
        return replace(self, port=number, name=f"{self.name.rpartition(':')[0]}:{number}")


@dataclass(frozen=True)
class Served:
    """A Service as the API holds it, and the pods that are to be its endpoints.

    ``zones`` are those of the nodes by their names; they count with a trafficDistribution only.
    """

    obj: Object
    endpoints: tuple[Endpoint, ...]
    zones: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The Service's name."""
        return str(self.obj["metadata"]["name"])

    def full_name(self, domain: str) -> str:
        """Return its name in DNS, of a cluster with this domain."""
        return f"{self.name}.{self.obj['metadata']['namespace']}.svc.{domain}"

    @property
    def spec(self) -> Object:
        """The Service's specification."""
        return dict(self.obj["spec"])

    @property
    def promised(self) -> Service:
        """The Service as the oracle knows it."""
        return Service(
            self.endpoints,
            internal_local=self.spec.get("internalTrafficPolicy") == "Local",
            external_local=self.spec.get("externalTrafficPolicy") == "Local",
            distribution=self.spec.get("trafficDistribution") or "",
            zones=self.zones,
        )

    def behind(self, *pods: Pod, **conditions: bool) -> Served:
        """Return it with these pods as its endpoints; their conditions by the fields of the oracle's Endpoint."""
        return replace(self, endpoints=endpoints(pods, **conditions))

    def cluster_address(self, family: Family) -> str:
        """Return its ClusterIP of a family. Raises KeyError when it has none."""
        for address in self.spec.get("clusterIPs") or ():
            if address != "None" and Family.of(address) is family:
                return str(address)
        raise KeyError(f"Service {self.name} has no {family} ClusterIP, it has {self.spec.get('clusterIPs')}")

    def inside(self, family: Family, protocols: Collection[Protocol] = TCP_UDP) -> list[Door]:
        """Return the doors at its cluster address."""
        address = self.cluster_address(family)
        return [
            Door(Way.CLUSTER_IP, address, number, protocol, f"{self.name}:{number}")
            for protocol, number in self._ports("port", protocols)
        ]

    def at_nodes(self, nodes: Mapping[str, str], protocols: Collection[Protocol] = TCP_UDP) -> list[Door]:
        """Return the doors at its node ports; ``nodes`` are addresses of one family by the nodes' names."""
        return [
            Door(Way.NODE_PORT, address, number, protocol, f"{node}:{number}", node)
            for node, address in nodes.items()
            for protocol, number in self._ports("nodePort", protocols)
        ]

    def balanced(self, family: Family, protocols: Collection[Protocol] = TCP_UDP) -> list[Door]:
        """Return the doors at the addresses that a load balancer gave it."""
        ingress = self.obj.get("status", {}).get("loadBalancer", {}).get("ingress") or ()
        return [
            Door(Way.LOAD_BALANCER, entry["ip"], number, protocol, f"balancer:{number}")
            for entry in ingress
            if entry.get("ip") and Family.of(entry["ip"]) is family
            for protocol, number in self._ports("port", protocols)
        ]

    def at_external(self, *addresses: str, protocols: Collection[Protocol] = TCP_UDP) -> list[Door]:
        """Return the doors at addresses outside the cluster that lead to one of its nodes."""
        return [
            Door(Way.EXTERNAL, address, number, protocol, f"{address}:{number}")
            for address in addresses
            for protocol, number in self._ports("port", protocols)
        ]

    def _ports(self, field: str, protocols: Collection[Protocol]) -> list[tuple[Protocol, int]]:
        known = [(Protocol(port.get("protocol", "TCP").lower()), port) for port in self.spec["ports"]]
        return [(protocol, int(port[field])) for protocol, port in known if protocol in protocols]


def families_of(served: Served) -> tuple[Family, ...]:
    """Return the families of a Service's cluster addresses, in its order."""
    return tuple(Family.of(address) for address in served.spec["clusterIPs"])


def endpoints(pods: Collection[Pod], **conditions: bool) -> tuple[Endpoint, ...]:
    """Return pods as endpoints, ready unless it is said otherwise."""
    return tuple(Endpoint(pod.name, pod.node, **conditions) for pod in pods)


def manifest(name: str, selector: Mapping[str, str] | None, **spec: Any) -> Object:
    """Return a Service of TCP and UDP port 80, of every family that the cluster has, unless ``spec`` says otherwise."""
    chosen = {"selector": dict(selector)} if selector else {}
    whole = chosen | {"ports": ports_at(PORT), "ipFamilyPolicy": "PreferDualStack"} | spec
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": whole}


def external(name: str, target: str) -> Object:
    """Return a Service that is another name for ``target``."""
    spec = {"type": "ExternalName", "externalName": target}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


@contextmanager
def service(
    namespace: Namespace, name: str, selector: Mapping[str, str] | None, pods: Collection[Pod], **spec: Any
) -> Iterator[Served]:
    """Make a Service for a while; ``pods`` are those that it selects. More by the fields of a Service's spec."""
    wanted = manifest(name, selector, **spec)
    try:
        yield Served(namespace.apply(wanted), endpoints(pods))
    finally:
        namespace.remove(wanted)
