"""Services of every kind with known addresses and endpoints, in two namespaces."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.probe.observation import Family

HTTP = {"name": "http", "port": 80, "targetPort": 8080}
WEB_PORTS = [
    HTTP,
    {"name": "metrics", "port": 9100, "targetPort": 8080},
    {"name": "query", "port": 53, "targetPort": 8080, "protocol": "UDP"},
]
DB_PORTS = [{"name": "sql", "port": 5432}, {"name": "admin", "port": 5433}]
MANY = 38
"""Endpoints whose addresses of either family do not fit into 512 bytes, and do into 1232."""

RANGES = {Family.IPV4: ipaddress.ip_network("198.18.0.0/15"), Family.IPV6: ipaddress.ip_network("2001:db8::/48")}
"""Ranges for tests and documents (RFC 2544, RFC 3849): nobody has the addresses, they only stand in records."""

FAMILY_NAMES = {Family.IPV4: "IPv4", Family.IPV6: "IPv6"}


@dataclass(frozen=True)
class Shop:
    """Two namespaces. Both have a Service ``web`` with three named ports; the first also has

    ``plain``      one port without a name
    ``single``     one address family only
    ``db``         headless; three endpoints with hostnames, and one that is not ready
    ``anonymous``  headless; two endpoints without hostnames
    ``starting``   headless; no endpoint is ready
    ``many``       headless; more endpoints than fit into a short answer
    ``alias``      an ExternalName, the Service ``web`` of the second namespace
    ``elsewhere``  an ExternalName outside the cluster
    """

    first: str
    second: str


def open_shop(cluster: Cluster, first: Namespace, second: Namespace, domain: str) -> Shop:
    """Make the Services."""
    for namespace in (first, second):
        namespace.service("web", ports=WEB_PORTS, ipFamilyPolicy="PreferDualStack")
    first.service("plain", ports=[{"port": 80, "targetPort": 8080}], ipFamilyPolicy="PreferDualStack")
    first.service("single", ports=[HTTP], ipFamilyPolicy="SingleStack")
    external_name(first, "alias", f"web.{second.name}.svc.{domain}")
    external_name(first, "elsewhere", "www.example.test")
    numbers = random.Random()
    for name, hosts, ready in (
        ("db", ("db-1", "db-2", "db-3", "db-4"), 3),
        ("anonymous", ("", ""), 2),
        ("starting", ("starting-1",), 0),
        ("many", ("",) * MANY, MANY),
    ):
        headless(first, name, DB_PORTS)
        for family in cluster.families:
            endpoints = [
                endpoint(any_address(family, numbers), host, ready=place < ready) for place, host in enumerate(hosts)
            ]
            slice_of(first, name, family, endpoints, DB_PORTS)
    return Shop(first.name, second.name)


def external_name(namespace: Namespace, name: str, target: str) -> None:
    """Make a Service that is an alias, or change what it leads to."""
    spec = {"type": "ExternalName", "externalName": target}
    namespace.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})


def headless(namespace: Namespace, name: str, ports: Sequence[dict[str, Any]], **spec: Any) -> None:
    """Make a headless Service, without a selector unless one is given."""
    whole = {"clusterIP": "None", "ports": list(ports), "ipFamilyPolicy": "PreferDualStack"} | spec
    namespace.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": whole})


def endpoint(address: str, hostname: str = "", *, ready: bool = True) -> dict[str, Any]:
    """Return an endpoint of a slice."""
    made: dict[str, Any] = {"addresses": [address], "conditions": {"ready": ready}}
    return made | ({"hostname": hostname} if hostname else {})


def slice_of(
    namespace: Namespace,
    service: str,
    family: Family,
    endpoints: Sequence[dict[str, Any]],
    ports: Sequence[dict[str, Any]],
) -> None:
    """Make or change the endpoints of a family that a Service without a selector has."""
    metadata = {"name": f"{service}-{family}", "labels": {"kubernetes.io/service-name": service}}
    namespace.apply(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": metadata,
            "addressType": FAMILY_NAMES[family],
            "endpoints": list(endpoints),
            "ports": [{"name": port["name"], "port": port["port"], "protocol": "TCP"} for port in ports],
        }
    )


def any_address(family: Family, numbers: random.Random) -> str:
    """Return an address that hardly any other run uses at the same time."""
    network = RANGES[family]
    return str(network[numbers.randrange(1, min(network.num_addresses, 1 << 60) - 1)])
