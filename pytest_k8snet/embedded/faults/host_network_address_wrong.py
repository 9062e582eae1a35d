"""The status of hostNetwork pods tells addresses that their node does not have."""

from __future__ import annotations

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.kubelet.behaviour import Addresses
from pytest_k8snet.embedded.network.addresses import fabric_addresses

NOBODY = 254
"""The host number of an address of the nodes' network that nobody has."""


class HostNetworkAddressWrong:
    """Only what is told changes: connections to the addresses that are known already go on."""

    name = "host-network-address-wrong"
    breaks = "status.podIPs of hostNetwork pods"
    layer = "kubelet"

    def __init__(self) -> None:
        self._misreported: frozenset[str] = frozenset()
        self._wrong: Addresses = ()

    async def apply(self, cluster: Target) -> None:
        """Tell another address."""
        self._wrong = fabric_addresses(NOBODY, cluster.network.versions).all
        on_nodes = (w for w in cluster.kubelet.workers if w.sandbox.host.name in cluster.network.nodes)
        self._misreported = frozenset(w.uid for w in on_nodes if w.sandbox.host_network)
        cluster.kubelet.behaviour.reports.append(self._report)
        cluster.kubelet.refresh()

    async def revert(self, cluster: Target) -> None:
        """Tell the right ones."""
        cluster.kubelet.behaviour.stop(self._report)
        cluster.kubelet.refresh()

    def _report(self, uid: str, addresses: Addresses) -> Addresses:
        return self._wrong if uid in self._misreported else addresses


def fault() -> Fault:
    """Return the fault."""
    return HostNetworkAddressWrong()
