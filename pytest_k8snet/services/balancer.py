"""Whether anybody gives Services of type LoadBalancer an address: tried with one Service."""

from __future__ import annotations

import time

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.kube.wait import Deadline
from pytest_k8snet.services.backends import not_permitted
from pytest_k8snet.services.served import Served, service

ADDRESS_SECONDS = 8.0


def why_not(cluster: Cluster) -> str:
    """Return "" when a Service gets an address within ADDRESS_SECONDS, or why not. Makes a namespace and removes it."""
    if reason := not_permitted(cluster.api):
        return reason
    with (
        cluster.namespace("load balancer") as namespace,
        service(namespace, "balanced", {"k8snet.io/pod": "nobody"}, (), type="LoadBalancer") as made,
    ):
        if with_address(namespace, made).obj["status"]["loadBalancer"].get("ingress"):
            return ""
    return f"a Service of type LoadBalancer is still pending after {ADDRESS_SECONDS:g} s: nobody gave it an address"


def with_address(namespace: Namespace, served: Served) -> Served:
    """Return a Service as it is once it has a load balancer's address, or when ADDRESS_SECONDS are over."""
    deadline = Deadline(ADDRESS_SECONDS)
    while True:
        now = namespace.get("v1", "Service", served.name)
        if now["status"].get("loadBalancer", {}).get("ingress") or not deadline.left():
            return Served({**now, "status": {"loadBalancer": {}} | now["status"]}, served.endpoints)
        time.sleep(0.05)
