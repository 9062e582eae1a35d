"""What was sent to a ClusterIP is not judged by the node that translates it: egress, and ingress to its own pods.

A pod on another node is still shielded, because what arrives there is like any other packet.
"""

from __future__ import annotations

from pytest_k8snet.embedded.api.bootstrap import SERVICE_NETWORKS
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.network.hostports import FAMILY
from pytest_k8snet.embedded.policy.rewritten import unjudged


def fault() -> Fault:
    """Return the fault."""
    return unjudged(
        "policy-clusterip-bypass",
        "NetworkPolicies for connections to a ClusterIP",
        *(f"ct original {FAMILY[6 if ':' in cidr else 4]} daddr {cidr}" for cidr in SERVICE_NETWORKS),
    )
