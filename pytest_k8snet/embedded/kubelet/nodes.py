"""The Node objects."""

from __future__ import annotations

import os
import platform

import pytest_k8snet
from pytest_k8snet.embedded.api.discovery import VERSION
from pytest_k8snet.embedded.api.objects import ZONE, Obj, now
from pytest_k8snet.embedded.network.node import Node

MAX_PODS = 250
ZONES = ("zone-a", "zone-b")


def node_object(node: Node, pod_network: str) -> Obj:
    """Return the Node of the API for a node of the network, Ready. ``pod_network`` is for those who want to know."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    labels = {
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": machine,
        ZONE: ZONES[(node.number - 1) % len(ZONES)],
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node.name, "labels": labels, "annotations": {"k8snet.io/pod-network": pod_network}},
        "spec": {"podCIDR": node.pod_cidrs[0], "podCIDRs": list(node.pod_cidrs), "providerID": f"k8snet://{node.name}"},
    }


def node_status(node: Node) -> Obj:
    """Return the status of a node that works."""
    amounts = {"cpu": str(os.cpu_count() or 1), "memory": f"{_memory_kib()}Ki", "pods": str(MAX_PODS)}
    return {
        "capacity": amounts,
        "allocatable": amounts,
        "addresses": [
            *({"type": "InternalIP", "address": address} for address in node.addresses.all),
            {"type": "Hostname", "address": node.name},
        ],
        "conditions": [
            _condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
            _condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
            _condition("PIDPressure", "False", "KubeletHasSufficientPID"),
            _condition("Ready", "True", "KubeletReady"),
        ],
        "nodeInfo": {
            "architecture": platform.machine(),
            "bootID": "",
            "containerRuntimeVersion": f"k8snet://{pytest_k8snet.__version__}",
            "kernelVersion": platform.release(),
            "kubeProxyVersion": "",
            "kubeletVersion": VERSION["gitVersion"],
            "machineID": "",
            "operatingSystem": "linux",
            "osImage": _os_name(),
            "systemUUID": "",
        },
    }


def _condition(kind: str, status: str, reason: str) -> Obj:
    times = {"lastHeartbeatTime": now(), "lastTransitionTime": now()}
    return {"type": kind, "status": status, "reason": reason, "message": "", **times}


def _memory_kib() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"
