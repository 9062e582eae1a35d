"""The cluster says that it is in a cloud, whose load balancer is of another kind than a Service asks for."""

from __future__ import annotations

from typing import Any

from pytest_k8snet.embedded.injection import Fault, Target

NAMESPACE, NAME = "default", "cloud-balanced"
ASKED = {"service.beta.kubernetes.io/aws-load-balancer-type": "nlb"}
CLASSIC = "cloud-balanced-0123456789.eu-central-1.elb.amazonaws.com"


class CloudAnnotationsIgnored:
    """Nodes get another providerID, and there is a Service whose address is the name of a classic load balancer."""

    name = "cloud-annotations-ignored"
    breaks = "annotations of Services for the load balancer of a cloud"
    layer = "control loops"

    def __init__(self) -> None:
        self._before: dict[str, str] = {}

    async def apply(self, cluster: Target) -> None:
        """Rename the nodes' machines and make the Service."""
        for node in cluster.store.list("nodes"):
            self._before[node["metadata"]["name"]] = node["spec"]["providerID"]
        for name in self._before:
            _provide(cluster, name, f"aws:///eu-central-1a/{name}")
        cluster.store.create("services", _service())
        status = {"loadBalancer": {"ingress": [{"hostname": CLASSIC}]}}
        cluster.store.set_status("services", NAME, NAMESPACE, status)

    async def revert(self, cluster: Target) -> None:
        """Undo both."""
        for name, provider in self._before.items():
            _provide(cluster, name, provider)
        self._before.clear()
        if cluster.store.get("services", NAME, NAMESPACE) is not None:
            cluster.store.remove("services", NAME, NAMESPACE)


def fault() -> Fault:
    """Return the fault."""
    return CloudAnnotationsIgnored()


def _provide(cluster: Target, name: str, provider: str) -> None:
    def change(node: dict[str, Any]) -> None:
        node["spec"]["providerID"] = provider

    cluster.store.update("nodes", name, "", change)


def _service() -> dict[str, Any]:
    # With a class, so that the embedded cluster's own load balancer leaves it alone.
    spec = {
        "type": "LoadBalancer",
        "loadBalancerClass": "service.k8s.aws/nlb",
        "allocateLoadBalancerNodePorts": False,
        "selector": {"k8snet.io/pod": "nobody"},
        "ports": [{"port": 80}],
    }
    metadata = {"name": NAME, "namespace": NAMESPACE, "annotations": ASKED}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
