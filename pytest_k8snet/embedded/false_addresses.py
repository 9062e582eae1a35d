"""Faults in which pods show other addresses than they work with, inside and in their status."""

from __future__ import annotations

from collections.abc import Callable

from pytest_k8snet.embedded.disguise import put_on, take_off
from pytest_k8snet.embedded.injection import Target
from pytest_k8snet.embedded.kubelet.behaviour import Addresses as Told
from pytest_k8snet.embedded.network.addresses import Addresses
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.node import Node

Choose = Callable[[Target], dict[PodLink, Addresses]]


class FalseAddresses:
    """``choose`` picks among the pods that are there and says what each shall show; it may raise NotPossible.

    The addresses that are known already go on working, so that nothing else fails than what looks at addresses.
    """

    layer = "addresses"

    def __init__(self, name: str, breaks: str, choose: Choose) -> None:
        self.name = name
        self.breaks = breaks
        self._choose = choose
        self._shown: dict[PodLink, Addresses] = {}
        self._told: dict[str, Told] = {}

    async def apply(self, cluster: Target) -> None:
        """Disguise the chosen pods."""
        self._shown = self._choose(cluster)
        await cluster.network.in_each_pod(self._put_on)
        by_link = {worker.sandbox.link: worker.uid for worker in cluster.kubelet.workers}
        self._told = {by_link[link]: shown.all for link, shown in self._shown.items() if link in by_link}
        cluster.kubelet.behaviour.reports.append(self._report)
        cluster.kubelet.refresh()

    async def revert(self, cluster: Target) -> None:
        """Show those that are still there as they are."""
        await cluster.network.in_each_pod(self._take_off)
        cluster.kubelet.behaviour.stop(self._report)
        cluster.kubelet.refresh()

    async def _put_on(self, node: Node, link: PodLink) -> None:
        if link in self._shown:
            await put_on(node, link, self._shown[link])

    async def _take_off(self, node: Node, link: PodLink) -> None:
        if link in self._shown:
            await take_off(node, link, self._shown[link])

    def _report(self, uid: str, addresses: Told) -> Told:
        return self._told.get(uid, addresses)
