"""A node's part of the pod network: routed pods behind veth pairs, and NAT to the outside."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable

from pytest_k8snet.embedded.network.addresses import (
    GATEWAYS,
    OUTSIDE_FIRST,
    POD_SPACE,
    Addresses,
    PodAddressPool,
    fabric_addresses,
    pod_cidrs,
)
from pytest_k8snet.embedded.network.conntrack import forget_connections
from pytest_k8snet.embedded.network.host import HOST_SYSCTLS, Host
from pytest_k8snet.embedded.network.hostports import FAMILY, Forward, HostPorts
from pytest_k8snet.embedded.network.link import PREFIX_LENGTH, PodLink, PodPort, address_command
from pytest_k8snet.embedded.network.netns import NamespaceThreads, NetNs

NODE_SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv6.conf.all.forwarding": "1",
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.conf.default.rp_filter": "0",
    "net.ipv4.conf.all.route_localnet": "1",  # hostPorts answer on 127.0.0.1 of the node too
}

AttachHook = Callable[["Node", PodLink], Awaitable[None]]
ChangeHook = Callable[["Node"], Awaitable[None]]


class Node(Host):
    """A node: a host that gives pods addresses and forwards for them.

    ``on_attach`` are called for each new pod when it is connected, before its first container starts; ``on_change``
    also when one is gone. Faults use them. ``pod_mtu`` is the MTU that new pods get.
    """

    def __init__(
        self, number: int, netns: NetNs, versions: tuple[int, ...], threads: NamespaceThreads, pod_mtu: int
    ) -> None:
        super().__init__(f"node-{number}", netns, fabric_addresses(number, versions))
        self.number = number
        self.pod_cidrs = pod_cidrs(number, versions)
        self.pool = PodAddressPool(number, versions)
        self.host_ports = HostPorts(netns)
        self.links: list[PodLink] = []
        self.on_attach: list[AttachHook] = []
        self.on_change: list[ChangeHook] = []
        self.pod_mtu = pod_mtu
        self._versions = versions
        self._threads = threads
        self._device_numbers = itertools.count(1)

    async def configure(self) -> None:
        """Forward for pods: gateway addresses, and NAT towards the world outside."""
        await self.netns.sysctl(NODE_SYSCTLS)
        await self.netns.ip(
            *(f"addr add {GATEWAYS[4]}/32 dev lo scope link" for version in self._versions if version == 4),
        )
        await self.netns.nft(self._masquerade())

    def route_to_pod(self, link: PodLink, version: int, address: str, verb: str = "add") -> str:
        """The ``ip`` command for the route to one address of a pod of this node."""
        return f"route {verb} {address}/{PREFIX_LENGTH[version]} dev {link.device} src {self.addresses.get(version)}"

    async def attach(self, name: str, ports: Iterable[PodPort] = (), owner: str = "") -> PodLink:
        """Make a network namespace for a pod and connect it. ``name`` is for messages only.

        Raises NoAddress, NetworkCommandError or OSError, having undone what it began.
        """
        addresses = self.pool.take()
        netns = await self._threads.create(name)
        number = next(self._device_numbers)
        mac = f"0a:58:{self.number:02x}:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
        link = PodLink(netns, f"veth{number}", mac, addresses, addresses, tuple(ports), owner)
        try:
            await self._connect(link)
        except BaseException:
            self.links[:] = [other for other in self.links if other is not link]
            netns.close()
            self.pool.give_back(addresses)
            raise
        return link

    async def _connect(self, link: PodLink) -> None:
        await link.netns.sysctl(HOST_SYSCTLS)
        await self.netns.ip(*self._node_side(link))
        await link.configure(self.pod_mtu)
        self.links.append(link)
        for hook in self.on_attach:
            await hook(self, link)
        await self._changed()

    async def detach(self, link: PodLink) -> None:
        """Cut a pod off and make its address available again; its processes are gone already."""
        self.links.remove(link)
        await asyncio.gather(self._changed(), self.netns.ip(f"link del {link.device}"))
        link.netns.close()
        self.pool.give_back(link.assigned)
        if link.addresses != link.assigned:
            self.pool.give_back(link.addresses)

    def stop_calling(self, hook: AttachHook | ChangeHook) -> None:
        """Call a hook no more; fine for one that is not called."""
        self.on_attach[:] = [other for other in self.on_attach if other != hook]
        self.on_change[:] = [other for other in self.on_change if other != hook]

    async def readdress(self, link: PodLink, addresses: Addresses) -> None:
        """Take a pod's addresses away and give it others, in the pod and in the node's routes."""
        for version, old in link.addresses.by_version:
            await self.netns.ip(self.route_to_pod(link, version, old, "delete"))
            await link.netns.ip(address_command("del", "eth0", version, old))
        link.addresses = addresses
        for version, new in addresses.by_version:
            await link.netns.ip(address_command("add", "eth0", version, new))
            await self.netns.ip(self.route_to_pod(link, version, new))
        await self._changed()

    async def forget_connections(self) -> None:
        """Let NAT begin anew for every connection through this node."""
        await self.netns.run(forget_connections)

    async def _changed(self) -> None:
        await self._forward_host_ports()
        for hook in self.on_change:
            await hook(self)

    async def _forward_host_ports(self) -> None:
        await self.host_ports.set(
            Forward(version, port.protocol, port.host_address, port.host_port, address, port.port)
            for link in self.links
            for port in link.ports
            for version, address in link.addresses.by_version
            if port.host_port and (not port.host_address or (":" in port.host_address) is (version == 6))
        )

    def _node_side(self, link: PodLink) -> list[str]:
        device = link.device
        peer = f"peer name eth0 address {link.mac} mtu {self.pod_mtu} netns {link.netns.path}"
        commands = [f"link add {device} mtu {self.pod_mtu} type veth {peer}", f"link set {device} up"]
        for version, address in link.addresses.by_version:
            if version == 6:
                commands.append(f"addr add {GATEWAYS[6]}/64 dev {device} nodad")
            commands.append(self.route_to_pod(link, version, address))
        return commands

    def _masquerade(self) -> str:
        rules = []
        for version in self._versions:
            family = FAMILY[version]
            first = fabric_addresses(1, (version,)).primary
            last = fabric_addresses(OUTSIDE_FIRST - 1, (version,)).primary
            inside = f"{{ {POD_SPACE[version]}, {first}-{last} }}"
            rules.append(f"{family} saddr {POD_SPACE[version]} {family} daddr != {inside} masquerade")
        body = "\n".join(f"    {rule}" for rule in rules)
        chain = f"  chain post {{\n    type nat hook postrouting priority srcnat;\n{body}\n  }}"
        return f"table inet k8snet-egress {{\n{chain}\n}}\n"
