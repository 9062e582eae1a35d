"""Hosts outside the cluster have a way to cluster addresses, and nodes let them use it."""

from __future__ import annotations

from pytest_k8snet.embedded.api.bootstrap import SERVICE_NETWORKS
from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.node import Node


class ClusterAddressExposedOutside:
    """Outside hosts get routes to the ranges of Services by the first node."""

    name = "cluster-address-exposed-outside"
    breaks = "cluster addresses: they answer outside the cluster"
    layer = "service proxy"

    async def apply(self, cluster: Target) -> None:
        """Make the routes."""
        node = cluster.two_nodes()[0]
        for host in cluster.network.outside.values():
            await host.netns.ip(*(f"route replace {route}" for route in _routes(cluster, node)))

    async def revert(self, cluster: Target) -> None:
        """Remove the routes, also where they were not made."""
        node = cluster.two_nodes()[0]
        for host in cluster.network.outside.values():
            for route in _routes(cluster, node):
                await host.netns.ip(f"route replace {route}", f"route del {route}")


def fault() -> Fault:
    """Return the fault."""
    return ClusterAddressExposedOutside()


def _routes(cluster: Target, node: Node) -> list[str]:
    return [f"{cidr} via {node.addresses.get(version)}" for version, cidr in _ranges(cluster).items()]


def _ranges(cluster: Target) -> dict[int, str]:
    versions = {version for node in cluster.network.nodes.values() for version, _ in node.addresses.by_version}
    return {version: cidr for cidr in SERVICE_NETWORKS for version in [6 if ":" in cidr else 4] if version in versions}
