"""The status of the pods that are there tells addresses that they do not have."""

from __future__ import annotations

import ipaddress

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.kubelet.behaviour import Addresses

DISTANCE = 128
"""How far the told address is from the real one: in the same podCIDR, and free in a cluster of ordinary size."""


class StatusAddressWrong:
    """Only what is told changes: connections to the addresses that are known already go on."""

    name = "status-address-wrong"
    breaks = "status.podIPs of ordinary pods"
    layer = "kubelet"

    def __init__(self) -> None:
        self._misreported: frozenset[str] = frozenset()

    async def apply(self, cluster: Target) -> None:
        """Tell other addresses."""
        self._misreported = frozenset(w.uid for w in cluster.kubelet.workers if not w.sandbox.host_network)
        cluster.kubelet.behaviour.reports.append(self._report)
        cluster.kubelet.refresh()

    async def revert(self, cluster: Target) -> None:
        """Tell the right ones."""
        cluster.kubelet.behaviour.stop(self._report)
        cluster.kubelet.refresh()

    def _report(self, uid: str, addresses: Addresses) -> Addresses:
        return [_other(address) for address in addresses] if uid in self._misreported else addresses


def fault() -> Fault:
    """Return the fault."""
    return StatusAddressWrong()


def _other(address: str) -> str:
    real = ipaddress.ip_address(address)
    return str(type(real)(int(real) ^ DISTANCE))
