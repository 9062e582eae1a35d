"""UDP flows go on to where they went when their endpoint is gone."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target


class UdpFlowsStale:
    """Nodes do not end the flows that connection tracking knows."""

    name = "service-udp-flows-stale"
    breaks = "UDP flows of which the endpoint is gone: they do not move to another"
    layer = "service proxy"

    async def apply(self, cluster: Target) -> None:
        """End no more flows."""
        cluster.services.ends_flows = False

    async def revert(self, cluster: Target) -> None:
        """End those that are stale now, and from now on."""
        cluster.services.ends_flows = True
        for node in cluster.network.nodes.values():
            await node.forget_connections()


def fault() -> Fault:
    """Return the fault."""
    return UdpFlowsStale()
