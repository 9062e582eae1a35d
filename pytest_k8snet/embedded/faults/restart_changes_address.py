"""A pod whose container restarts gets other addresses."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target


class RestartChangesAddress:
    """The kubelet asks the address pool at every restart."""

    name = "restart-changes-address"
    breaks = "keeping the pod's address over the restart of a container"
    layer = "kubelet"

    async def apply(self, cluster: Target) -> None:
        """Begin with the next restart."""
        cluster.kubelet.behaviour.keep_address_on_restart = False

    async def revert(self, cluster: Target) -> None:
        """Keep addresses, and give those that changed back."""
        cluster.kubelet.behaviour.keep_address_on_restart = True
        for node, link in cluster.network.links():
            if (changed := link.addresses) != link.assigned:
                await node.readdress(link, link.assigned)
                node.pool.give_back(changed)
        cluster.kubelet.refresh()


def fault() -> Fault:
    """Return the fault."""
    return RestartChangesAddress()
