"""Naming the CNI for people who read a report. No check looks at it."""

from __future__ import annotations

from pytest_k8snet.cni.modes import cilium_mode
from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.state import Cni

SIGNS = {
    "cilium": "Cilium",
    "calico-node": "Calico",
    "kube-flannel": "Flannel",
    "kindnet": "kindnet",
    "antrea-agent": "Antrea",
    "ovnkube-node": "OVN-Kubernetes",
    "weave-net": "Weave Net",
    "kube-router": "kube-router",
    "aws-node": "Amazon VPC CNI",
    "azure-cns": "Azure CNI",
    "netd": "GKE",
}


EMBEDDED_MODE = "k8snet.io/pod-network"
"""The annotation of the embedded cluster's nodes that names its pod network."""


def detect(api: KubeApi) -> Cni:
    """Return the CNI by its pods in kube-system and its own namespaces."""
    try:
        pods = [pod["metadata"] for pod in api.objects("v1", "Pod")]
        nodes = api.objects("v1", "Node")
    except ApiError as error:
        return Cni(f"unknown ({error.message})")
    runtime = nodes[0]["status"].get("nodeInfo", {}).get("containerRuntimeVersion", "") if nodes else ""
    if runtime.startswith("k8snet"):
        mode = nodes[0]["metadata"].get("annotations", {}).get(EMBEDDED_MODE, "")
        return Cni("embedded reference network", mode)
    for sign, name in SIGNS.items():
        if any(pod["name"].startswith(f"{sign}-") for pod in pods):
            return Cni(name, cilium_mode(api) if name == SIGNS["cilium"] else "")
    unknown = sorted(pod["name"].rsplit("-", 1)[0] for pod in pods if "cni" in pod["name"])
    return Cni(f"unknown ({unknown[0]})" if unknown else "unknown")
