"""Services of every kind with known addresses and endpoints, in two namespaces."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_k8snet.cluster import Cluster, Namespace

WEB_PORTS = [
    {"name": "http", "port": 80, "targetPort": 8080},
    {"name": "metrics", "port": 9100, "targetPort": 8080},
    {"name": "query", "port": 53, "targetPort": 8080, "protocol": "UDP"},
]


@dataclass(frozen=True)
class Shop:
    """Both namespaces have a Service ``web``, with three named ports; the first has one for every kind of record."""

    first: str
    second: str


def open_shop(cluster: Cluster, first: Namespace, second: Namespace) -> Shop:
    """Make the Services."""
    for namespace in (first, second):
        namespace.service("web", ports=WEB_PORTS, ipFamilyPolicy="PreferDualStack")
    first.service("plain", ports=[{"port": 80, "targetPort": 8080}], ipFamilyPolicy="PreferDualStack")
    return Shop(first.name, second.name)
