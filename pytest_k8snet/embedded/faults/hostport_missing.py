"""No node forwards hostPorts."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.network.hostports import unchanged


class HostportMissing:
    """The list of ports to forward is empty whatever pods declare."""

    name = "hostport-missing"
    breaks = "hostPorts: nothing answers there"
    layer = "data path"

    async def apply(self, cluster: Target) -> None:
        """Forward nothing."""
        for node in cluster.network.nodes.values():
            node.host_ports.rewrite = lambda forwards: []
            await node.host_ports.update()

    async def revert(self, cluster: Target) -> None:
        """Forward what pods declare."""
        for node in cluster.network.nodes.values():
            node.host_ports.rewrite = unchanged
            await node.host_ports.update()


def fault() -> Fault:
    """Return the fault."""
    return HostportMissing()
