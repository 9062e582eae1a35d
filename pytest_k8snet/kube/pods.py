"""The manifests of namespaces and probe pods. Ordinary probe pods meet Pod Security *restricted*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from pytest_k8snet.kube import labels
from pytest_k8snet.options import Settings

Object = dict[str, Any]

AGENT_CONFIG = "k8snet-agent"
AGENT_FOLDER = "/k8snet"
POD_PORT = 8080
NON_ROOT = 65532

# Safe sysctls, allowed by Pod Security *restricted*: ports from 0 and ICMP datagram sockets for everyone in the pod.
SYSCTLS = [
    {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"},
    {"name": "net.ipv4.ping_group_range", "value": "0 2147483647"},
]


@dataclass(frozen=True)
class PodRequest:
    """A probe pod that is wanted. ``node`` "" leaves the choice to the scheduler.

    ``containers`` maps the name of each container to the ports that its agent serves; ``host_ports`` maps a port of
    the pod to a port of its node. ``named`` are ports that are declared with a name: name to protocol (TCP, UDP, SCTP)
    and number. ``first_words`` are protocol (tcp, udp), address and port that the pod asks from its first instruction
    on; ``call_back`` is a port at which it asks whoever comes to it. ``readiness``: the kubelet asks the first port,
    or ``ready_port``, which nobody serves until a check has it opened. ``drain``: how many seconds it goes on serving
    after it was told to end. ``spec`` are more fields of the pod's spec, such as ``dnsPolicy``.
    """

    name: str
    node: str = ""
    containers: dict[str, Sequence[int]] = field(default_factory=lambda: {"agent": (POD_PORT,)})
    labels: dict[str, str] = field(default_factory=dict)
    host_network: bool = False
    host_ports: dict[int, int] = field(default_factory=dict)
    named: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    first_words: Sequence[tuple[str, str, int]] = ()
    call_back: int = 0
    readiness: bool = False
    spec: Mapping[str, Any] = field(default_factory=dict)
    ready_port: int = 0
    drain: int = 0


def namespace(
    run_id: str, purpose: str, settings: Settings, *, enforce: str = "restricted", more: Mapping[str, str] | None = None
) -> Object:
    """Return the manifest of a new namespace of a run; ``enforce`` is its Pod Security level, ``more`` its labels."""
    made = {labels.RUN: run_id, "pod-security.kubernetes.io/enforce": enforce} | settings.namespace_labels
    made |= more or {}
    notes = {labels.PURPOSE: purpose, labels.ALIVE_UNTIL: labels.lease()} | settings.namespace_annotations
    name = labels.namespace_name(run_id, purpose)
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": made, "annotations": notes},
    }


def agent_config(run_id: str, namespace: str) -> Object:
    """Return the ConfigMap that carries the agent into the pods of a namespace."""
    package = resources.files("pytest_k8snet.agent")
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": AGENT_CONFIG, "namespace": namespace, "labels": {labels.RUN: run_id}},
        "immutable": True,
        "data": {file.name: file.read_text() for file in package.iterdir() if file.name.endswith(".py")},
    }


def probe_pod(run_id: str, namespace: str, wanted: PodRequest, settings: Settings) -> Object:
    """Return the manifest of a probe pod."""
    spec: Object = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 1 + wanted.drain,
        "containers": [_container(name, ports, wanted, settings) for name, ports in wanted.containers.items()],
        "volumes": [{"name": "agent", "configMap": {"name": AGENT_CONFIG}}],
        "tolerations": list(settings.tolerations),
        "nodeSelector": dict(settings.node_selector),
    }
    if wanted.host_network:
        spec |= {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
    else:
        spec["securityContext"] = _restricted()
    if wanted.node:
        spec["affinity"] = _on_node(wanted.node)
    if settings.runtime_class:
        spec["runtimeClassName"] = settings.runtime_class
    if settings.image_pull_secret:
        spec["imagePullSecrets"] = [{"name": settings.image_pull_secret.rpartition("/")[2]}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": wanted.name,
            "namespace": namespace,
            "labels": {labels.RUN: run_id, "k8snet.io/pod": wanted.name} | wanted.labels,
        },
        "spec": spec | dict(wanted.spec),
    }


def _restricted() -> Object:
    return {
        "runAsNonRoot": True,
        "runAsUser": NON_ROOT,
        "runAsGroup": NON_ROOT,
        "seccompProfile": {"type": "RuntimeDefault"},
        "sysctls": SYSCTLS,
    }


def _on_node(node: str) -> Object:
    # By metadata.name: the hostname label may differ from the name, and nodeName would pass the scheduler by.
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}


def _container(name: str, ports: Sequence[int], wanted: PodRequest, settings: Settings) -> Object:
    fields = {"POD": "metadata.name", "NAMESPACE": "metadata.namespace", "NODE": "spec.nodeName"}
    return {
        "name": name,
        "image": settings.image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": ["python3", "-m", "agent", "serve", *(f"--port={port}" for port in ports), *_asking(wanted)],
        "env": [
            {"name": "PYTHONPATH", "value": AGENT_FOLDER},
            {"name": "PYTHONDONTWRITEBYTECODE", "value": "1"},
            *(
                {"name": f"K8SNET_{key}", "valueFrom": {"fieldRef": {"fieldPath": path}}}
                for key, path in fields.items()
            ),
        ],
        "ports": _named(wanted)
        or [
            {"containerPort": port, "protocol": protocol} | _host_port(wanted, port)
            for port in ports
            for protocol in ("TCP", "UDP")
        ],
        "volumeMounts": [{"name": "agent", "mountPath": f"{AGENT_FOLDER}/agent", "readOnly": True}],
        "securityContext": _capabilities(wanted),
        "resources": {"requests": {"cpu": "5m", "memory": "24Mi"}},
    } | (_asked_by_the_kubelet(wanted.ready_port or ports[0]) if wanted.readiness or wanted.ready_port else {})


def _asking(wanted: PodRequest) -> list[str]:
    words = [f"--first-word={protocol},{address},{port}" for protocol, address, port in wanted.first_words]
    words += [f"--call-back={wanted.call_back}"] if wanted.call_back else []
    return words + ([f"--drain={wanted.drain}"] if wanted.drain else [])


def _asked_by_the_kubelet(port: int) -> Object:
    return {"readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 1, "failureThreshold": 1}}


def _named(wanted: PodRequest) -> list[Object]:
    return [
        {"name": name, "containerPort": number, "protocol": protocol}
        for name, (protocol, number) in wanted.named.items()
    ]


def _host_port(wanted: PodRequest, port: int) -> Object:
    if wanted.host_network:
        return {"hostPort": port}
    return {"hostPort": wanted.host_ports[port]} if port in wanted.host_ports else {}


def _capabilities(wanted: PodRequest) -> Object:
    if wanted.host_network:
        return {"runAsUser": 0, "capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]}}
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
