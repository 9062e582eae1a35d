"""A node's part of the pod network: routed pods behind veth pairs, routes to the other nodes, hostPorts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_k8snet.embedded.network.addresses import (
    GATEWAYS,
    OUTSIDE_FIRST,
    POD_SPACE,
    Addresses,
    PodAddressPool,
    fabric_addresses,
    pod_cidrs,
)
from pytest_k8snet.embedded.network.host import HOST_SYSCTLS, MTU, Host
from pytest_k8snet.embedded.network.netns import NamespaceThreads, NetNs

NODE_SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv6.conf.all.forwarding": "1",
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.conf.default.rp_filter": "0",
    "net.ipv4.conf.all.route_localnet": "1",  # hostPorts answer on 127.0.0.1 of the node too
}


@dataclass(eq=False)
class PodLink:
    """A pod's place in the network. ``device`` is the node's end of its veth pair, eth0 the pod's."""

    netns: NetNs
    device: str
    addresses: Addresses


class Node(Host):
    """A node: a host that gives pods addresses and forwards for them."""

    def __init__(self, number: int, netns: NetNs, versions: tuple[int, ...], threads: NamespaceThreads) -> None:
        super().__init__(f"node-{number}", netns, fabric_addresses(number, versions))
        self.number = number
        self.pod_cidrs = pod_cidrs(number, versions)
        self.pool = PodAddressPool(number, versions)
        self.links: list[PodLink] = []
        self._versions = versions
        self._threads = threads
        self._device_numbers = itertools.count(1)

    async def configure(self, others: Iterable[Node]) -> None:
        """Forward for pods: gateway addresses, routes to the other nodes' pods, and NAT towards the world outside."""
        await self.netns.sysctl(NODE_SYSCTLS)
        await self.netns.ip(
            *(f"addr add {GATEWAYS[4]}/32 dev lo scope link" for version in self._versions if version == 4),
            *(command for other in others if other is not self for command in self.routes_to(other)),
        )
        await self.netns.nft(self._masquerade())

    def routes_to(self, other: Node, verb: str = "add") -> list[str]:
        """The ``ip`` commands that add (or with another verb: delete) the routes to another node's pods."""
        ranges = zip(other.pod_cidrs, other.addresses.all, strict=True)
        return [f"route {verb} {cidr} via {via} dev eth0" for cidr, via in ranges]

    async def attach(self, name: str) -> PodLink:
        """Make a network namespace for a pod and connect it. ``name`` is for messages only."""
        netns = await self._threads.create(name)
        link = PodLink(netns, f"veth{next(self._device_numbers)}", self.pool.take())
        await netns.sysctl(HOST_SYSCTLS)
        await self.netns.ip(*self._node_side(link))
        await netns.ip(*_pod_side(link.addresses))
        self.links.append(link)
        return link

    async def detach(self, link: PodLink) -> None:
        """Cut a pod off and make its address available again; its processes are gone already."""
        self.links.remove(link)
        await self.netns.ip(f"link del {link.device}")
        link.netns.close()
        self.pool.give_back(link.addresses)

    def _node_side(self, link: PodLink) -> list[str]:
        device = link.device
        peer = f"peer name eth0 mtu {MTU} netns {link.netns.path}"
        commands = [f"link add {device} mtu {MTU} type veth {peer}", f"link set {device} up"]
        for version, address in link.addresses.by_version:
            if version == 6:
                commands.append(f"addr add {GATEWAYS[6]}/64 dev {device} nodad")
            commands.append(self.route_to_pod(link, version, address))
        return commands

    def route_to_pod(self, link: PodLink, version: int, address: str, verb: str = "add") -> str:
        """The ``ip`` command for the route to one address of a pod of this node."""
        length = {4: 32, 6: 128}[version]
        return f"route {verb} {address}/{length} dev {link.device} src {self.addresses.get(version)}"

    def _masquerade(self) -> str:
        rules = []
        for version in self._versions:
            family = {4: "ip", 6: "ip6"}[version]
            first = fabric_addresses(1, (version,)).primary
            last = fabric_addresses(OUTSIDE_FIRST - 1, (version,)).primary
            inside = f"{{ {POD_SPACE[version]}, {first}-{last} }}"
            rules.append(f"{family} saddr {POD_SPACE[version]} {family} daddr != {inside} masquerade")
        body = "\n".join(f"    {rule}" for rule in rules)
        chain = f"  chain post {{\n    type nat hook postrouting priority srcnat;\n{body}\n  }}"
        return f"table inet k8snet-egress {{\n{chain}\n}}\n"


def _pod_side(addresses: Addresses) -> list[str]:
    commands = ["link set lo up"]
    for version, address in addresses.by_version:
        commands.append(
            f"addr add {address}/{32 if version == 4 else 128} dev eth0" + (" nodad" if version == 6 else "")
        )
    commands.append("link set eth0 up")
    for version, _ in addresses.by_version:
        if version == 4:
            commands.append(f"route add {GATEWAYS[4]} dev eth0 scope link")
        commands.append(f"route add default via {GATEWAYS[version]} dev eth0")
    return commands
