"""Which name servers a cluster has: found from what pods are told, never by the product's name."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.kube.client import Object
from pytest_k8snet.probe.observation import Family, Protocol

OWNER = "kubernetes.io/service-name"
DNS_PORT = 53


class NoNameServer(Exception):
    """The cluster has no name servers that can be found; the message says what was found instead."""


@dataclass(frozen=True, order=True)
class Server:
    """Something that answers questions: the Service's address, one replica, or what else pods are told to ask."""

    label: str
    address: str
    node: str = ""
    ports: tuple[tuple[Protocol, int], ...] = ((Protocol.UDP, DNS_PORT), (Protocol.TCP, DNS_PORT))

    def port(self, protocol: Protocol) -> int:
        """Return the port for a protocol."""
        return dict(self.ports)[protocol]

    @property
    def family(self) -> Family:
        """The family of its address."""
        return Family.of(self.address)


@dataclass(frozen=True)
class NameServers:
    """``domain`` is the cluster domain. ``front`` is what pods are told to ask, ``replicas`` the pods behind it.

    ``namespace`` and ``service`` name the Service, ``pods`` the replicas' pods in the order of ``replicas``.
    ``notes`` say what is unusual.
    """

    domain: str
    namespace: str
    service: str
    front: tuple[Server, ...]
    replicas: tuple[Server, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def every(self) -> tuple[Server, ...]:
        """All servers, those with addresses of both families twice."""
        return self.front + self.replicas

    @property
    def once(self) -> tuple[Server, ...]:
        """All servers at one address each: what they say does not depend on the address at which they are asked."""
        return tuple({server.label: server for server in reversed(self.every)}.values())[::-1]


@dataclass(frozen=True)
class ResolvConf:
    """A pod's /etc/resolv.conf, as far as resolvers read it.

    Options are a set: kubelet merges a pod's with those of its policy in a map and writes them in any order.
    """

    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> ResolvConf:
        """Read the file's text; of several search lines the last one counts (resolv.conf(5))."""
        nameservers: list[str] = []
        search: tuple[str, ...] = ()
        options: set[str] = set()
        for words in (line.split() for line in text.splitlines()):
            match words:
                case ["nameserver", address, *_]:
                    nameservers.append(address)
                case ["search", *names]:
                    search = tuple(name.rstrip(".") for name in names)
                case ["options", *found]:
                    options.update(found)
        return cls(tuple(nameservers), search, frozenset(options))

    def domain(self, namespace: str) -> str:
        """Return the cluster domain that the search list of a pod of a namespace gives away, "" if it does not."""
        start = f"{namespace}.svc."
        return next((name.removeprefix(start) for name in self.search if name.startswith(start)), "")


def find_name_servers(cluster: Cluster) -> NameServers:
    """Return the name servers that pods of the cluster are told to ask, and the replicas behind them.

    Raises NoNameServer when pods are told to ask nobody, or nobody that a Service of the cluster leads to.
    """
    pod = cluster.fleet.pods[0]
    told = ResolvConf.parse(cluster.attachment.prober.facts([pod])[pod].resolv_conf)
    if not told.nameservers:
        raise NoNameServer(f"pods are told no name server: /etc/resolv.conf of {pod.name} names none")
    domain = told.domain(pod.namespace)
    if not domain:
        raise NoNameServer(
            f"pods are not told the cluster domain: no {pod.namespace}.svc.DOMAIN in the search list of {pod.name}, "
            f"which is {' '.join(told.search) or 'empty'}"
        )
    services = cluster.api.objects("v1", "Service")
    behind = next((s for s in services if set(told.nameservers) & set(_addresses(s))), None)
    if behind is not None:
        return _of_service(cluster, domain, behind, ())
    named = ", ".join(told.nameservers)
    behind = next((s for s in services if (s["metadata"].get("labels") or {}).get("k8s-app") == "kube-dns"), None)
    if behind is None or not all(_is_local(address, cluster) for address in told.nameservers):
        raise NoNameServer(f"pods are told to ask {named}, which is the address of no Service of the cluster")
    caches = tuple(Server(f"node-local cache {address}", address) for address in told.nameservers)
    return _of_service(cluster, domain, behind, caches)


def _of_service(cluster: Cluster, domain: str, service: Object, caches: tuple[Server, ...]) -> NameServers:
    metadata = service["metadata"]
    front = tuple(Server(f"Service {metadata['name']}", address) for address in _addresses(service))
    slices = cluster.api.objects(
        "discovery.k8s.io/v1", "EndpointSlice", metadata["namespace"], labels=f"{OWNER}={metadata['name']}"
    )
    notes = tuple(f"pods are told to ask a {cache.label}" for cache in caches)
    if not (replicas := tuple(sorted(set(_replicas(slices))))):
        raise NoNameServer(f"the Service {metadata['namespace']}/{metadata['name']} of DNS has no ready endpoint")
    return NameServers(domain, metadata["namespace"], metadata["name"], caches + front, replicas, notes)


def _replicas(slices: Iterable[Object]) -> Iterator[Server]:
    for piece in slices:
        ports = {Protocol(port["protocol"].lower()): port["port"] for port in piece["ports"] if _is_dns(port)}
        for endpoint in piece.get("endpoints") or ():
            if endpoint["conditions"].get("ready") is False:
                continue
            name = (endpoint.get("targetRef") or {}).get("name", "replica")
            for address in endpoint["addresses"]:
                yield Server(name, address, endpoint.get("nodeName") or "", tuple(ports.items()))


def _is_dns(port: Object) -> bool:
    return "dns" in (port.get("name") or "dns") and port["protocol"] in ("UDP", "TCP")


def _addresses(service: Object) -> tuple[str, ...]:
    return tuple(address for address in service["spec"].get("clusterIPs") or () if address != "None")


def _is_local(address: str, cluster: Cluster) -> bool:
    own = {known for node in cluster.nodes for known in node.addresses}
    return ipaddress.ip_address(address).is_link_local or address in own
