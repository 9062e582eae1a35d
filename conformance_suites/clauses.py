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

NETWORK_POLICY = f"{DOCS}/services-networking/network-policies"
POLICY_RESOURCE = f"{NETWORK_POLICY}/#networkpolicy-resource"
POLICY_ISOLATION = f"{NETWORK_POLICY}/#the-two-sorts-of-pod-isolation"
POLICY_PEERS = f"{NETWORK_POLICY}/#behavior-of-to-and-from-selectors"
POLICY_DEFAULTS = f"{NETWORK_POLICY}/#default-policies"
POLICY_PORT_RANGE = f"{NETWORK_POLICY}/#targeting-a-range-of-ports"
POLICY_NAMESPACE_NAME = f"{NETWORK_POLICY}/#targeting-a-namespace-by-its-name"
POLICY_POD_LIFECYCLE = f"{NETWORK_POLICY}/#pod-lifecycle"
POLICY_OWN_NODE = f"{NETWORK_POLICY}/#:~:text=traffic%20to%20and%20from%20the%20node%20where%20a%20Pod%20is%20running"
POLICY_SPEC = (
    "https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/#NetworkPolicySpec"
)

SERVICE = f"{DOCS}/services-networking/service/"
SERVICE_DEFINED = f"{SERVICE}#defining-a-service"
SERVICE_CLUSTER_IP = f"{SERVICE}#type-clusterip"
SERVICE_NODE_PORT = f"{SERVICE}#type-nodeport"
SERVICE_LOAD_BALANCER = f"{SERVICE}#loadbalancer"
SERVICE_EXTERNAL_NAME = f"{SERVICE}#externalname"
SERVICE_HEADLESS = f"{SERVICE}#headless-services"
SERVICE_PORTS = f"{SERVICE}#field-spec-ports"
SERVICE_MULTI_PORT = f"{SERVICE}#multi-port-services"
SERVICE_NO_SELECTOR = f"{SERVICE}#services-without-selectors"
SERVICE_SPEC = "https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/#ServiceSpec"
VIRTUAL_IPS = "https://kubernetes.io/docs/reference/networking/virtual-ips/"
SERVICE_AFFINITY = f"{VIRTUAL_IPS}#session-affinity"
SERVICE_AFFINITY_TIMEOUT = f"{VIRTUAL_IPS}#session-stickiness-timeout"
SERVICE_EXTERNAL_POLICY = f"{VIRTUAL_IPS}#external-traffic-policy"
SERVICE_INTERNAL_POLICY = f"{VIRTUAL_IPS}#internal-traffic-policy"
SERVICE_TERMINATING = f"{VIRTUAL_IPS}#traffic-to-terminating-endpoints"
SERVICE_DISTRIBUTION = f"{VIRTUAL_IPS}#traffic-distribution"
SERVICE_SOURCE = "https://kubernetes.io/docs/tutorials/services/source-ip/#source-ip-for-services-with-type-clusterip"
SERVICE_HAIRPIN = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#a-pod-fails-to-reach-itself-via-the-service-ip"
SERVICE_FAMILIES = f"{DUAL_STACK}#services"
ENDPOINT_SLICES = f"{DOCS}/services-networking/endpoint-slices/"
ENDPOINT_CONDITIONS = f"{ENDPOINT_SLICES}#conditions"
READINESS = f"{DOCS}/workloads/pods/pod-lifecycle/#types-of-probe"
ROLLING_UPDATE = f"{DOCS}/workloads/controllers/deployment/#rolling-update-deployment"


def by_name() -> dict[str, str]:
    """Return the clauses by the names that case files give them."""
    return {name: value for name, value in globals().items() if name.isupper()}
