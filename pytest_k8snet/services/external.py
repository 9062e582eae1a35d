"""Addresses outside the cluster at which nodes accept traffic for a Service, said by hand: nobody has them."""

from __future__ import annotations

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Family
from pytest_k8snet.services.backends import Backends
from pytest_k8snet.services.served import Served

BALANCER_CLASS = "k8snet.io/nobody"
"""Of load balancers that do not exist: what a Service of this class has as its address is said by the check."""

FOR_DOCUMENTS = {Family.IPV4: "192.0.2.{}", Family.IPV6: "2001:db8::{:x}"}
"""RFC 5737 and RFC 3849."""


def nobodys_address(cluster: Cluster, family: Family, number: int) -> str:
    """Return one of two addresses that no host has and no other run is likely to use: ``number`` is 0 or 1."""
    return FOR_DOCUMENTS[family].format(1 + int(cluster.attachment.state.run_id, 16) % 100 * 2 + number)


def balanced_at(cluster: Cluster, backends: Backends, made: Served, address: str, mode: str) -> Served:
    """Say, in place of a load balancer, that a Service has an address, with this ipMode; return it as it is then."""
    ingress = [{"ip": address, "ipMode": mode}]
    body = {"status": {"loadBalancer": {"ingress": ingress}}}
    obj = cluster.api.patch("v1", "Service", made.name, body, backends.namespace.name, of_status=True)
    return Served(obj, made.endpoints)
