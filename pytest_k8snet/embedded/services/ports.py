"""What a service proxy needs to know: each port of each Service in each address family, with its endpoints. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pytest_k8snet.embedded.api.objects import Obj, lookup, name_of, namespace_of

FAMILIES = {"IPv4": 4, "IPv6": 6}
AFFINITY_SECONDS = 10800


@dataclass(frozen=True, order=True)
class Endpoint:
    """Where a connection may end. ``node`` is empty when it is unknown.

    ``for_zones`` and ``for_nodes`` are the hints: whose traffic it should be given.
    """

    address: str
    port: int
    node: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    for_zones: tuple[str, ...] = ()
    for_nodes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServicePort:
    """One port of a Service in one family.

    ``balanced`` are the load balancer's addresses, ``external`` those and the Service's externalIPs; ``proxied`` those
    that it wants for itself (ipMode). ``sources`` are the only ranges that the load balancer serves, None for everyone.
    ``affinity`` is in seconds, 0 for none. ``silent`` drops what cannot be served instead of refusing it; only faults
    ask for that. On ``health_port``, the same for all ports of a Service, nodes tell whether they have endpoints; 0 for
    none.
    """

    service: str
    name: str
    version: int
    protocol: str
    port: int
    cluster_ip: str
    node_port: int = 0
    external: tuple[str, ...] = ()
    balanced: tuple[str, ...] = ()
    proxied: tuple[str, ...] = ()
    sources: tuple[str, ...] | None = None
    affinity: int = 0
    internal_local: bool = False
    external_local: bool = False
    endpoints: tuple[Endpoint, ...] = ()
    silent: bool = False
    health_port: int = 0

    @property
    def cluster_endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints in use where all nodes count."""
        return usable(self.endpoints)

    def local_endpoints(self, node: str) -> tuple[Endpoint, ...]:
        """The endpoints in use where only those of one node count."""
        return usable([endpoint for endpoint in self.endpoints if endpoint.node == node])


def usable(endpoints: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
    """Return the ready endpoints; when there is none, those that still serve while they are being ended."""
    ready = tuple(endpoint for endpoint in endpoints if endpoint.ready)
    return ready or tuple(endpoint for endpoint in endpoints if endpoint.serving and endpoint.terminating)


def near(endpoints: Sequence[Endpoint], node: str, zone: str) -> tuple[Endpoint, ...]:
    """Return those of the endpoints in use that a node should use by their hints: all, unless each has hints.

    As in kube-proxy those for the node come first, then those for its zone; hints never leave a node without any.
    """
    hints = ([one.for_nodes for one in endpoints], node), ([one.for_zones for one in endpoints], zone)
    for told, own in hints:
        meant = tuple(endpoint for endpoint, names in zip(endpoints, told, strict=True) if own in names)
        if meant and all(told) and all(endpoint.ready for endpoint in endpoints):
            return meant
    return tuple(endpoints)


def service_ports(service: Obj, slices: Iterable[Obj]) -> tuple[ServicePort, ...]:
    """Return what a proxy does for a Service; nothing for headless and ExternalName ones."""
    spec = service["spec"]
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") in (None, "", "None"):
        return ()
    known = list(slices)
    return tuple(
        _service_port(service, port, address, [one for one in known if FAMILIES.get(one["addressType"]) == version])
        for address in spec.get("clusterIPs") or [spec["clusterIP"]]
        for version in [6 if ":" in address else 4]
        for port in spec.get("ports") or ()
    )


def _service_port(service: Obj, port: Obj, address: str, slices: Sequence[Obj]) -> ServicePort:
    spec, version = service["spec"], 6 if ":" in address else 4
    entries = lookup(service, "status", "loadBalancer", "ingress") or ()
    given = [entry for entry in entries if entry.get("ip")]
    balanced = _of(version, (entry["ip"] for entry in given if entry.get("ipMode") != "Proxy"))
    protocol = port.get("protocol") or "TCP"
    return ServicePort(
        service=f"{namespace_of(service)}/{name_of(service)}",
        name=port.get("name") or "",
        version=version,
        protocol=protocol.lower(),
        port=int(port["port"]),
        cluster_ip=address,
        node_port=int(port.get("nodePort") or 0),
        external=(*balanced, *_of(version, spec.get("externalIPs") or ())),
        balanced=balanced,
        proxied=_of(version, (entry["ip"] for entry in given if entry.get("ipMode") == "Proxy")),
        sources=_sources(spec, version),
        affinity=_affinity(spec),
        internal_local=spec.get("internalTrafficPolicy") == "Local",
        external_local=spec.get("externalTrafficPolicy") == "Local",
        health_port=int(spec.get("healthCheckNodePort") or 0),
        endpoints=tuple(sorted(set(_endpoints(slices, port.get("name") or "", protocol)))),
    )


def _endpoints(slices: Iterable[Obj], name: str, protocol: str) -> Iterator[Endpoint]:
    """The endpoints of a port, which slices know by its name. Conditions that are not told: ready, as the API says."""
    for endpoints in slices:
        for port in endpoints.get("ports") or ():
            same = (port.get("name") or "", port.get("protocol") or "TCP") == (name, protocol)
            for endpoint in (endpoints.get("endpoints") or ()) if same and port.get("port") else ():
                conditions = endpoint.get("conditions") or {}
                ready = conditions.get("ready") is not False
                serving = conditions.get("serving")
                yield Endpoint(
                    address=endpoint["addresses"][0],
                    port=int(port["port"]),
                    node=endpoint.get("nodeName") or "",
                    ready=ready,
                    serving=ready if serving is None else bool(serving),
                    terminating=bool(conditions.get("terminating")),
                    for_zones=_hints(endpoint, "forZones"),
                    for_nodes=_hints(endpoint, "forNodes"),
                )


def _hints(endpoint: Obj, field: str) -> tuple[str, ...]:
    return tuple(hint["name"] for hint in lookup(endpoint, "hints", field) or ())


def _of(version: int, addresses: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(address for address in addresses if (":" in address) == (version == 6)))


def _sources(spec: Obj, version: int) -> tuple[str, ...] | None:
    """The ranges of one family. Ranges of the other family only mean that nobody of this one is served."""
    ranges = [ipaddress.ip_network(text.strip(), strict=False) for text in spec.get("loadBalancerSourceRanges") or ()]
    if not ranges or spec.get("type") != "LoadBalancer":
        return None
    return tuple(str(one) for one in ranges if one.version == version)


def _affinity(spec: Obj) -> int:
    if spec.get("sessionAffinity") != "ClientIP":
        return 0
    return int(lookup(spec, "sessionAffinityConfig", "clientIP", "timeoutSeconds") or AFFINITY_SECONDS)
