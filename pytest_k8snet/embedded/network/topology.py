"""The whole network: a bridge as the fabric, on it the nodes and the hosts outside the cluster."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from pytest_k8snet.embedded.network import pod_network
from pytest_k8snet.embedded.network.addresses import OUTSIDE_FIRST, fabric_addresses
from pytest_k8snet.embedded.network.host import MTU, Host
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.netns import NamespaceThreads, NetworkCommandError
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.options import ClusterOptions

FABRIC = "fabric"


class Network:
    """The network of one cluster, made in the namespace of the calling process. Made by ``Network.build``."""

    def __init__(self, options: ClusterOptions, scratch: Path) -> None:
        self.versions = options.families
        self.pod_network = pod_network.choose(options.network, options.families, scratch)
        self.threads = NamespaceThreads()
        self.fabric = self.threads.current("the fabric")
        self.nodes: dict[str, Node] = {}
        self.outside: dict[str, Host] = {}

    @classmethod
    async def build(cls, options: ClusterOptions, scratch: Path) -> Network:
        """Make namespaces, links and routes; ``scratch`` is for the files of daemons.

        Raises NetworkCommandError or OSError when the machine refuses.
        """
        network = cls(options, scratch)
        await network.fabric.ip("link set lo up", f"link add {FABRIC} type bridge", f"link set {FABRIC} up")
        nodes = [await network._new_node(number) for number in range(1, options.nodes + 1)]
        outside = [await network._new_outside(number) for number in range(1, options.outside_hosts + 1)]
        network.nodes = {node.name: node for node in nodes}
        network.outside = {host.name: host for host in outside}
        await asyncio.gather(*(host.plug_into(network.fabric, FABRIC) for host in (*nodes, *outside)))
        await asyncio.gather(*(node.configure() for node in nodes))
        await network.pod_network.connect(nodes)
        return network

    def host(self, name: str) -> Host:
        """A node or an outside host by name. Raises KeyError."""
        return self.nodes.get(name) or self.outside[name]

    async def _new_node(self, number: int) -> Node:
        netns = await self.threads.create(f"node-{number}")
        return Node(number, netns, self.versions, self.threads, self.pod_mtu)

    async def _new_outside(self, number: int) -> Host:
        name = f"outside-{number}"
        addresses = fabric_addresses(OUTSIDE_FIRST + number - 1, self.versions)
        return Host(name, await self.threads.create(name), addresses)

    def has_host(self, name: str) -> bool:
        """Whether there is a node or an outside host of this name; a pod may name one that is not there."""
        return name in self.nodes or name in self.outside

    def links(self) -> Iterator[tuple[Node, PodLink]]:
        """All connected pods with their nodes."""
        for node in self.nodes.values():
            for link in tuple(node.links):
                yield node, link

    async def in_each_pod(self, work: Callable[[Node, PodLink], Awaitable[None]]) -> None:
        """Do some work for every connected pod. What cannot be done for one that is cut off meanwhile is left."""
        for node, link in self.links():
            if link not in node.links:
                continue
            try:
                await work(node, link)
            except (NetworkCommandError, OSError):
                if link in node.links:
                    raise

    @property
    def pod_mtu(self) -> int:
        """The MTU of pods on a fabric that was not changed."""
        return MTU - self.pod_network.overhead

    async def set_mtu(self, mtu: int) -> None:
        """Change the MTU of the fabric, and with it that of every pod, also of those to come."""
        pod_mtu = mtu - self.pod_network.overhead
        hosts = (*self.nodes.values(), *self.outside.values())
        await self.fabric.ip(*(f"link set {host.port} mtu {mtu}" for host in hosts), f"link set {FABRIC} mtu {mtu}")
        for host in hosts:
            await host.netns.ip(f"link set eth0 mtu {mtu}")
        for node in self.nodes.values():
            node.pod_mtu = pod_mtu
            if self.pod_network.device:
                await node.netns.ip(f"link set {self.pod_network.device} mtu {pod_mtu}")

        async def set_on_both_ends(node: Node, link: PodLink) -> None:
            await node.netns.ip(f"link set {link.device} mtu {pod_mtu}")
            await link.netns.ip(f"link set eth0 mtu {pod_mtu}")

        await self.in_each_pod(set_on_both_ends)

    def close(self) -> None:
        """Let go of all namespaces; used by tests, the cluster itself ends with its init process."""
        for host in itertools.chain(self.nodes.values(), self.outside.values()):
            host.close()
        self.fabric.close()
        self.threads.close()
