"""What a new cluster has of DNS: the Corefile, two replicas in pods, the Service before them, and a server outside."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

from aiohttp import web

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.network.topology import Network

NAMESPACE = "kube-system"
REPLICAS = 2
LABELS = {"k8s-app": "kube-dns"}
API_FOLDER = "/var/run/k8snet"
PROGRAM = "pytest_k8snet.embedded.dns"

_COREFILE = """\
.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes DOMAIN in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
        max_concurrent 1000
    }
    cache 30 {
        disable success DOMAIN
        disable denial DOMAIN
    }
    loop
    reload
    loadbalance
}
"""
"""As kubeadm writes it, for a cluster domain."""

PORTS = (("dns", "UDP", 53), ("dns-tcp", "TCP", 53), ("metrics", "TCP", 9153))
PROBE_PORTS = (("liveness-probe", "TCP", 8080), ("readiness-probe", "TCP", 8181))


def corefile(domain: str) -> str:
    """Return the Corefile of a new cluster with this domain."""
    return _COREFILE.replace("DOMAIN", domain)


async def offer_api(runner: web.AppRunner, token: str, folder: Path) -> None:
    """Let the pods that ``folder`` is mounted into use the API: pods have no way to the machine's loopback."""
    await web.SockSite(runner, _listener(token, folder)).start()


def dns_objects(
    network: Network, domain: str, addresses: Sequence[str], api_folder: Path, python_path: str
) -> Iterator[Obj]:
    """The objects of a new cluster that has its name server at ``addresses``, for the cluster domain ``domain``.

    The replicas are on the last nodes: faults take the pods that they hurt from the first.
    """
    versions = network.versions
    metadata = {"name": "coredns", "namespace": NAMESPACE}
    yield {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"Corefile": corefile(domain)},
    }
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kube-dns", "namespace": NAMESPACE, "labels": LABELS},
        "spec": {
            "selector": LABELS,
            "clusterIP": addresses[0],
            "clusterIPs": list(addresses),
            "ipFamilies": [f"IPv{version}" for version in versions],
            "ipFamilyPolicy": "RequireDualStack" if len(versions) > 1 else "SingleStack",
            "ports": [{"name": name, "protocol": protocol, "port": port} for name, protocol, port in PORTS],
        },
    }
    yield _deployment(list(network.nodes)[-REPLICAS:], api_folder, python_path)


def upstream_container(python_path: str) -> Obj:
    """The container of an outside host that serves a zone of its own."""
    return {
        "name": "dns",
        "image": "k8snet/outside-dns",
        "command": ["python3", "-m", f"{PROGRAM}.upstream"],
        "env": [{"name": "PYTHONPATH", "value": python_path}],
    }


def _listener(token: str, folder: Path) -> socket.socket:
    folder.mkdir(mode=0o700)
    (folder / "token").write_text(token)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    handle = os.open(folder, os.O_PATH)
    try:
        # The folder's own path may be longer than the address of a socket can be.
        listener.bind(f"/proc/self/fd/{handle}/api.sock")
    finally:
        os.close(handle)
    return listener


def _deployment(nodes: Sequence[str], api_folder: Path, python_path: str) -> Obj:
    """The replicas, on these nodes."""
    fitting = [{"key": "kubernetes.io/hostname", "operator": "In", "values": list(nodes)}]
    terms = {"nodeSelectorTerms": [{"matchExpressions": fitting}]}
    pod = {
        "dnsPolicy": "Default",
        "priorityClassName": "system-cluster-critical",
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}},
        "containers": [_container(python_path)],
        "volumes": [{"name": "api", "hostPath": {"path": str(api_folder)}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "coredns", "namespace": NAMESPACE, "labels": LABELS},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": LABELS},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
            "template": {"metadata": {"labels": LABELS}, "spec": pod},
        },
    }


def _container(python_path: str) -> Obj:
    return {
        "name": "coredns",
        "image": "k8snet/coredns",
        "command": ["python3", "-m", PROGRAM, API_FOLDER],
        "env": [{"name": "PYTHONPATH", "value": python_path}],
        "ports": [
            {"name": name, "protocol": protocol, "containerPort": port}
            for name, protocol, port in (*PORTS, *PROBE_PORTS)
        ],
        "volumeMounts": [{"name": "api", "mountPath": API_FOLDER, "readOnly": True}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "readiness-probe"}},
        "livenessProbe": {
            "httpGet": {"path": "/health", "port": "liveness-probe"},
            "initialDelaySeconds": 60,
            "timeoutSeconds": 5,
            "failureThreshold": 5,
        },
    }
