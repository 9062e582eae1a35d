"""All that makes Services work, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from pytest_k8snet.embedded.api.store import Store
from pytest_k8snet.embedded.network.topology import Network
from pytest_k8snet.embedded.services.announcer import Announcer
from pytest_k8snet.embedded.services.health import HealthChecks
from pytest_k8snet.embedded.services.load_balancer import POOL, LoadBalancers
from pytest_k8snet.embedded.services.proxy import ServiceProxy
from pytest_k8snet.embedded.services.slice_controller import SliceController


class ServiceControl:
    """The controllers of one cluster. ``networks`` are the ranges of cluster addresses."""

    def __init__(self, store: Store, network: Network, networks: Iterable[str]) -> None:
        reserved = {6 if ":" in cidr else 4: (cidr,) for cidr in networks}
        health = HealthChecks(network.nodes.values())
        announcer = Announcer(network.outside.values(), network.nodes.values())
        ranges = {version: (*cidrs, POOL[version]) for version, cidrs in reserved.items()}
        self.proxy = ServiceProxy(store, network, ranges, [announcer.follow, health.follow])
        self.slices = SliceController(store)
        self._balancers = LoadBalancers(store)

    async def run(self) -> None:
        """Work for ever."""
        await asyncio.gather(self.proxy.run(), self.slices.run(), self._balancers.run())
