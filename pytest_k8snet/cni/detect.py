"""Naming the CNI for people who read a report. No check looks at it."""

from __future__ import annotations

from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube.client import KubeApi

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


def detect(api: KubeApi) -> str:
    """Return the CNI's name by its pods in kube-system and its own namespaces, or "unknown" with the reason."""
    try:
        pods = [pod["metadata"] for pod in api.objects("v1", "Pod")]
        nodes = api.objects("v1", "Node")
    except ApiError as error:
        return f"unknown ({error.message})"
    runtime = nodes[0]["status"].get("nodeInfo", {}).get("containerRuntimeVersion", "") if nodes else ""
    if runtime.startswith("k8snet"):
        return "embedded reference network"
    for sign, name in SIGNS.items():
        if any(pod["name"].startswith(f"{sign}-") for pod in pods):
            return name
    unknown = sorted(pod["name"].rsplit("-", 1)[0] for pod in pods if "cni" in pod["name"])
    return f"unknown ({unknown[0]})" if unknown else "unknown"
