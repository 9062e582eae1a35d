"""Where the promises stand that the suites hold a cluster to."""

from __future__ import annotations

DOCS = "https://kubernetes.io/docs/concepts"

NETWORK_MODEL = f"{DOCS}/services-networking/#the-kubernetes-network-model"
POD_NETWORKING = f"{DOCS}/workloads/pods/#pod-networking"
POD_LIFETIME = f"{DOCS}/workloads/pods/pod-lifecycle/#pod-lifetime"
CONTAINER_RESTARTS = f"{DOCS}/workloads/pods/pod-lifecycle/#container-restarts"
DUAL_STACK = f"{DOCS}/services-networking/dual-stack/"
NODE_CIDR = "https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/node-v1/#NodeSpec"
POD_STATUS = "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodStatus"
POD_PORTS = "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#ports"
HOST_NETWORK = "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#hosts-namespaces"
PATH_MTU_DISCOVERY = "https://www.rfc-editor.org/rfc/rfc8201"
