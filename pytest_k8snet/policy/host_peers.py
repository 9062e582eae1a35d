"""What hostNetwork pods see of a pod that a policy isolates: told, not judged.

The documentation calls the behaviour of NetworkPolicies for hostNetwork pods undefined.
"""

from __future__ import annotations

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Family, Pod, Probe, Protocol


def seen_by_host_pods(cluster: Cluster, isolated: Pod, family: Family) -> str:
    """Say which hostNetwork pods of the fleet reach an isolated pod that does not name them."""
    hosts = cluster.with_family(cluster.fleet.host_pods, family)
    if not hosts:
        return f"there are no hostNetwork pods with {family} to see how policies treat them"
    probes = [Probe(pod, isolated.address(family), isolated.port, Protocol.TCP, isolated.name) for pod in hosts]
    seen = cluster.attachment.prober.observe(probes)
    where = {pod: "its own node" if pod.node == isolated.node else f"node {pod.node}" for pod in hosts}
    told = ", ".join(f"from {where[probe.source]} {observation.outcome}" for probe, observation in seen.items())
    return f"hostNetwork pods that ask a pod which lets in others only: {told} (undefined by the API)"
