"""Load balancers of a cloud: which kind a Service asks for by its annotations, and which it has got. Pure.

What is known of AWS: a Service asks for a Network Load Balancer by an annotation or a class
(https://kubernetes-sigs.github.io/aws-load-balancer-controller), and the name that it gets tells the kind: ELB names
are NAME.elb.REGION.amazonaws.com for a Network Load Balancer, and NAME.REGION.elb.amazonaws.com for a classic one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

CLOUDS = {"aws": "AWS", "gce": "Google Cloud", "azure": "Azure"}
"""Clouds by how a node's spec.providerID begins."""

ANNOTATION = "service.beta.kubernetes.io/aws-load-balancer-type"
ASK_FOR_NETWORK = {"nlb", "nlb-ip", "external"}
CLASS = "service.k8s.aws/nlb"

_NETWORK = re.compile(r"\.elb\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$")
_CLASSIC = re.compile(r"\.[a-z0-9-]+\.elb\.amazonaws\.com(\.cn)?$")


@dataclass(frozen=True)
class CloudBalancer:
    """A Service of type LoadBalancer on AWS. ``asks``: for a Network Load Balancer; ``got`` is the kind by its name."""

    name: str
    asks: bool
    hostname: str
    got: str

    @classmethod
    def of(cls, service: Mapping[str, Any]) -> CloudBalancer:
        """Read a Service."""
        metadata, spec = service["metadata"], service["spec"]
        annotations = metadata.get("annotations") or {}
        asks = annotations.get(ANNOTATION) in ASK_FOR_NETWORK or spec.get("loadBalancerClass") == CLASS
        ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
        hostname = ingress[0].get("hostname", "")
        kind = "network" if _NETWORK.search(hostname) else "classic" if _CLASSIC.search(hostname) else "unknown"
        return cls(f"{metadata['namespace']}/{metadata['name']}", asks, hostname, kind)

    @property
    def wrong(self) -> str:
        """What is wrong with what it has got, in words, or ""."""
        if not self.asks or self.got == "network":
            return ""
        if not self.hostname:
            return f"{self.name} asks for a Network Load Balancer and has none"
        return f"{self.name} asks for a Network Load Balancer and has one of kind {self.got}: {self.hostname}"

    @property
    def hint(self) -> str:
        """What it could have instead, in words, or ""."""
        if self.asks or self.got != "classic":
            return ""
        return (
            f"{self.name} has a classic load balancer, which ends each connection and opens another: with the "
            f"annotation {ANNOTATION} a Network Load Balancer would pass packets on as they are"
        )


def cloud_of(nodes: Collection[Mapping[str, Any]]) -> str:
    """Return the cloud that the nodes are machines of, as CLOUDS names it, or ""."""
    starts = {(node["spec"].get("providerID") or "").partition("://")[0] for node in nodes}
    return next((CLOUDS[start] for start in sorted(starts) if start in CLOUDS), "")


def balancers(services: Collection[Mapping[str, Any]]) -> list[CloudBalancer]:
    """Return those Services of type LoadBalancer that the cloud's own controller serves, by their names."""
    chosen = [
        service
        for service in services
        if service["spec"].get("type") == "LoadBalancer" and service["spec"].get("loadBalancerClass", CLASS) == CLASS
    ]
    return sorted(map(CloudBalancer.of, chosen), key=lambda one: one.name)
