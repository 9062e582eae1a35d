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

DNS_SPECIFICATION = "https://github.com/kubernetes/dns/blob/master/docs/specification.md"
DNS_VERSION = f"{DNS_SPECIFICATION}#22---record-for-schema-version"
DNS_CLUSTER_IP = f"{DNS_SPECIFICATION}#23---records-for-a-service-with-clusterip"
DNS_HEADLESS = f"{DNS_SPECIFICATION}#24---records-for-a-headless-service"
DNS_EXTERNAL_NAME = f"{DNS_SPECIFICATION}#25---records-for-external-name-services"
DNS_SERVICES_AND_PODS = f"{DOCS}/services-networking/dns-pod-service/"
DNS_MESSAGES = "https://www.rfc-editor.org/rfc/rfc1035"
DNS_NEGATIVE_ANSWERS = "https://www.rfc-editor.org/rfc/rfc2308"
DNS_EDNS = "https://www.rfc-editor.org/rfc/rfc6891"
DNS_TCP = "https://www.rfc-editor.org/rfc/rfc7766"
DNS_CASE = "https://www.rfc-editor.org/rfc/rfc4343"
DNS_POLICY = f"{DNS_SERVICES_AND_PODS}#pod-s-dns-policy"
DNS_CONFIG = f"{DNS_SERVICES_AND_PODS}#pod-dns-config"
DNS_NAMESPACES = f"{DNS_SERVICES_AND_PODS}#namespaces-of-services"
DNS_HOSTNAME = f"{DNS_SERVICES_AND_PODS}#pod-s-hostname-and-subdomain-fields"
HOST_ALIASES = "https://kubernetes.io/docs/tasks/network/customize-hosts-file-for-pods/"
COREDNS = "https://coredns.io/plugins"

NETWORK_POLICY = f"{DOCS}/services-networking/network-policies"
POLICY_RESOURCE = f"{NETWORK_POLICY}/#networkpolicy-resource"
POLICY_ISOLATION = f"{NETWORK_POLICY}/#the-two-sorts-of-pod-isolation"
POLICY_PEERS = f"{NETWORK_POLICY}/#behavior-of-to-and-from-selectors"
POLICY_DEFAULTS = f"{NETWORK_POLICY}/#default-policies"
POLICY_PORT_RANGE = f"{NETWORK_POLICY}/#targeting-a-range-of-ports"
POLICY_NAMESPACE_NAME = f"{NETWORK_POLICY}/#targeting-a-namespace-by-its-name"
POLICY_POD_LIFECYCLE = f"{NETWORK_POLICY}/#pod-lifecycle"
POLICY_OWN_NODE = f"{NETWORK_POLICY}/#:~:text=traffic%20to%20and%20from%20the%20node%20where%20a%20Pod%20is%20running"
CLUSTER_NETWORK_POLICY = "https://network-policy-api.sigs.k8s.io/api-overview/#the-clusternetworkpolicy-resource"
CLUSTER_POLICY_TIERS = "https://network-policy-api.sigs.k8s.io/api-overview/#tiers"
CLUSTER_POLICY_ACTIONS = "https://network-policy-api.sigs.k8s.io/api-overview/#actions"
CLUSTER_POLICY_PRIORITIES = "https://network-policy-api.sigs.k8s.io/api-overview/#priorities"
CLUSTER_POLICY_RULES = "https://network-policy-api.sigs.k8s.io/api-overview/#rules"
ADMIN_NETWORK_POLICY = (
    "https://github.com/kubernetes-sigs/network-policy-api/blob/v0.1.7/apis/v1alpha1/adminnetworkpolicy_types.go"
)
POLICY_SPEC = (
    "https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/#NetworkPolicySpec"
)


def by_name() -> dict[str, str]:
    """Return the clauses by the names that case files give them."""
    return {name: value for name, value in globals().items() if name.isupper()}
