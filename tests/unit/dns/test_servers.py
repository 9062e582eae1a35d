"""Whom pods are told to ask is found, and where that leads to nobody, what was found instead is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.dns.servers import NoNameServer, find_name_servers
from pytest_k8snet.probe.observation import Pod, Protocol

POD = Pod("ns", "n1-a", "node-1", ("10.1.0.1",))
SEARCH = "search ns.svc.cluster.local svc.cluster.local cluster.local\n"
PORTS = [
    {"name": "dns", "port": 5353, "protocol": "UDP"},
    {"name": "dns-tcp", "port": 5354, "protocol": "TCP"},
    {"name": "metrics", "port": 9153, "protocol": "TCP"},
]


def service(address: str = "10.96.0.10", **labels: str) -> dict[str, Any]:
    metadata = {"name": "kube-dns", "namespace": "kube-system", "labels": labels}
    return {"metadata": metadata, "spec": {"clusterIPs": [address]}}


def replica(name: str, address: str, ready: bool = True) -> dict[str, Any]:
    return {
        "addresses": [address],
        "conditions": {"ready": ready},
        "nodeName": "node-2",
        "targetRef": {"name": name},
    }


def cluster(resolv_conf: str, *services: dict[str, Any], replicas: tuple[dict[str, Any], ...] = ()) -> Cluster:
    def objects(api_version: str, kind: str, namespace: str = "", labels: str = "") -> list[dict[str, Any]]:
        return [*services] if kind == "Service" else [{"ports": PORTS, "endpoints": [*replicas]}]

    facts = {POD: SimpleNamespace(resolv_conf=resolv_conf)}
    made = SimpleNamespace(
        fleet=SimpleNamespace(pods=(POD,)),
        attachment=SimpleNamespace(prober=SimpleNamespace(facts=lambda pods: facts)),
        api=SimpleNamespace(objects=objects),
        nodes=(SimpleNamespace(addresses=("172.18.0.2",)),),
    )
    return cast("Cluster", made)


TOLD = f"{SEARCH}nameserver 10.96.0.10\n"
REPLICAS = (replica("one", "10.1.0.2"), replica("two", "10.1.0.3"), replica("starting", "10.1.0.4", ready=False))


def test_the_service_and_its_ready_replicas_are_found_with_their_ports() -> None:
    found = find_name_servers(cluster(TOLD, service(), replicas=REPLICAS))
    assert (found.domain, found.namespace, found.service) == ("cluster.local", "kube-system", "kube-dns")
    assert [(server.label, server.address) for server in found.every] == [
        ("Service kube-dns", "10.96.0.10"),
        ("one", "10.1.0.2"),
        ("two", "10.1.0.3"),
    ]
    assert [found.replicas[0].port(protocol) for protocol in (Protocol.UDP, Protocol.TCP)] == [5353, 5354]
    assert found.notes == ()


@pytest.mark.parametrize("local", ["169.254.20.10", "172.18.0.2"])
def test_a_node_local_cache_is_asked_beside_the_service_and_told(local: str) -> None:
    told = f"{SEARCH}nameserver {local}\n"
    found = find_name_servers(cluster(told, service(**{"k8s-app": "kube-dns"}), replicas=REPLICAS))
    assert [server.address for server in found.front] == [local, "10.96.0.10"]
    assert found.notes == (f"pods are told to ask a node-local cache {local}",)


def test_another_cluster_domain_is_taken_from_what_pods_are_told() -> None:
    told = TOLD.replace("cluster.local", "corp.example")
    assert find_name_servers(cluster(told, service(), replicas=REPLICAS)).domain == "corp.example"


@pytest.mark.parametrize(
    ("told", "services", "message"),
    [
        (SEARCH, (service(),), "pods are told no name server"),
        ("nameserver 10.96.0.10\n", (service(),), "not told the cluster domain: .* which is empty"),
        (f"{SEARCH}nameserver 192.0.2.1\n", (service(),), "192.0.2.1, which is the address of no Service"),
        (TOLD, (service(),), "the Service kube-system/kube-dns of DNS has no ready endpoint"),
    ],
)
def test_what_was_found_instead_is_told(told: str, services: tuple[dict[str, Any], ...], message: str) -> None:
    with pytest.raises(NoNameServer, match=message):
        find_name_servers(cluster(told, *services, replicas=(replica("starting", "10.1.0.4", ready=False),)))
