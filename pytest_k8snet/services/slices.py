"""EndpointSlices: what those of a Service say, and making some of one's own."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from pytest_k8snet.cluster import Namespace
from pytest_k8snet.kube.pods import POD_PORT
from pytest_k8snet.kube.wait import Deadline
from pytest_k8snet.probe.observation import Family, Pod
from pytest_k8snet.services.served import TCP_UDP, Served

DISCOVERY = "discovery.k8s.io/v1"
SERVICE_NAME = "kubernetes.io/service-name"
KINDS = {Family.IPV4: "IPv4", Family.IPV6: "IPv6"}
SLICE_SECONDS = 15.0
Object = dict[str, Any]


@dataclass(frozen=True, order=True)
class Entry:
    """One port of one endpoint, as a slice says it; ``pod`` is the targetRef's name."""

    address: str
    port: int
    protocol: str
    pod: str
    node: str
    ready: bool


def of_pods(pods: Collection[Pod], families: Collection[Family]) -> list[Entry]:
    """Return what the slices of a Service with the usual ports must say of these pods, all of them ready."""
    return sorted(
        Entry(pod.address(family), POD_PORT, protocol.upper(), pod.name, pod.node, ready=True)
        for pod in pods
        for family in families
        for protocol in TCP_UDP
    )


def named_in_slices(namespace: Namespace, served: Served, *, until: list[Entry]) -> list[Entry]:
    """Return what the slices say once that is what is expected, or when SLICE_SECONDS are over."""
    deadline = Deadline(SLICE_SECONDS)
    while True:
        slices = namespace.objects(DISCOVERY, "EndpointSlice", labels=f"{SERVICE_NAME}={served.name}")
        found = sorted(entry for one in slices for entry in _entries(one))
        if found == until or not deadline.left():
            return found
        time.sleep(0.1)


def _entries(one: Object) -> Iterator[Entry]:
    for endpoint in one.get("endpoints") or ():
        for port in one.get("ports") or ():
            yield Entry(
                endpoint["addresses"][0],
                int(port["port"]),
                port["protocol"],
                (endpoint.get("targetRef") or {}).get("name", ""),
                endpoint.get("nodeName") or "",
                bool((endpoint.get("conditions") or {}).get("ready")),
            )


@contextmanager
def own_slices(
    namespace: Namespace, served: Served, pods: Collection[Pod], families: Collection[Family]
) -> Iterator[None]:
    """Make, for a while, a slice of one's own for each pod and family."""
    with ExitStack() as made:
        for family in families:
            for pod in pods:
                wanted = _slice(served, pod, family)
                made.callback(namespace.remove, wanted)
                namespace.apply(wanted)
        yield


def _slice(served: Served, pod: Pod, family: Family) -> Object:
    name = f"{served.name}-{pod.name}-{family}"
    return {
        "apiVersion": DISCOVERY,
        "kind": "EndpointSlice",
        "metadata": {"name": name, "labels": {SERVICE_NAME: served.name}},
        "addressType": KINDS[family],
        "ports": [{"name": protocol.value, "port": POD_PORT, "protocol": protocol.upper()} for protocol in TCP_UDP],
        "endpoints": [{"addresses": [pod.address(family)], "nodeName": pod.node, "conditions": {"ready": True}}],
    }
