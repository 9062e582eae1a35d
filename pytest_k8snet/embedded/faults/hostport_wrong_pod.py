"""hostPorts lead to another pod than the one that declares them."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.hostports import Forward, Rewrite, unchanged
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.topology import Network


class HostportWrongPod:
    """The address of each forward is exchanged for that of another pod that serves the same port."""

    name = "hostport-wrong-pod"
    breaks = "hostPorts: another pod answers there"
    layer = "data path"

    async def apply(self, cluster: Target) -> None:
        """Forward to other pods."""
        await _set(cluster, lambda forwards: [_misled(forward, cluster.network) for forward in forwards])

    async def revert(self, cluster: Target) -> None:
        """Forward to the right ones."""
        await _set(cluster, unchanged)


def fault() -> Fault:
    """Return the fault."""
    return HostportWrongPod()


async def _set(cluster: Target, rewrite: Rewrite) -> None:
    for node in cluster.network.nodes.values():
        node.host_ports.rewrite = rewrite
        await node.host_ports.update()
        await node.forget_connections()


def _misled(forward: Forward, network: Network) -> Forward:
    for _, link in network.links():
        address = link.addresses.get(forward.version)
        if address and address != forward.pod_address and _serves(link, forward):
            return replace(forward, pod_address=address)
    return forward


def _serves(link: PodLink, forward: Forward) -> bool:
    return any((port.protocol, port.port) == (forward.protocol, forward.pod_port) for port in link.ports)
