"""An overlay: packets between nodes travel in VXLAN, with one device on each node and static entries for all others.

The shape is flannel's: a route to each node's pods through the device, a permanent neighbour for its next hop, and a
forwarding entry that leads the neighbour's MAC to the node. Nothing is learned and nothing is flooded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from ipaddress import ip_network

from pytest_k8snet.embedded.network.host import MTU
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.options import PodNetworkName

DEVICE = "vxlan"
VNI = 1
PORT = 4789
"""The UDP port that IANA gave to VXLAN."""

OVERHEAD = {4: 50, 6: 70}
"""Bytes around a pod's packet by the IP version between the nodes: IP, UDP 8, VXLAN 8, Ethernet 14."""


class Vxlan:
    """The pod network with a tunnel; both of the pods' families travel in the first one of the nodes."""

    name: PodNetworkName = "vxlan"
    device = DEVICE

    def __init__(self, versions: tuple[int, ...]) -> None:
        self.overhead = OVERHEAD[versions[0]]

    async def connect(self, nodes: Sequence[Node]) -> None:
        """Make the devices and lead each to all others."""
        await asyncio.gather(*(self._join(here, [node for node in nodes if node is not here]) for here in nodes))

    async def _join(self, here: Node, others: Iterable[Node]) -> None:
        await here.netns.ip(*device(here, MTU - self.overhead))
        await here.netns.bridge(*(forwarding(there) for there in others))
        await here.netns.ip(
            *(command for there in others for command in (*neighbours(there), *routes("add", here, there)))
        )

    async def cut(self, here: Node, there: Node) -> None:
        """Delete the routes."""
        await here.netns.ip(*routes("delete", here, there))

    async def mend(self, here: Node, there: Node) -> None:
        """Add the routes again."""
        await here.netns.ip(*routes("add", here, there))


def device(here: Node, mtu: int) -> list[str]:
    """Return the ``ip`` commands that make a node's tunnel."""
    tunnel = f"type vxlan id {VNI} local {here.addresses.primary} dev eth0 dstport {PORT} nolearning"
    return [
        f"link add {DEVICE} address {mac(here)} mtu {mtu} {tunnel}",
        f"link set {DEVICE} addrgenmode none",
        f"link set {DEVICE} up",
    ]


def mac(node: Node) -> str:
    """Return the MAC of a node's tunnel."""
    return f"0e:58:00:00:{node.number >> 8:02x}:{node.number & 255:02x}"


def forwarding(there: Node) -> str:
    """Return the ``bridge`` command that leads frames for the tunnel of ``there`` to that node."""
    return f"fdb append {mac(there)} dev {DEVICE} dst {there.addresses.primary}"


def neighbours(there: Node) -> list[str]:
    """Return the ``ip`` commands that tell the MAC of the next hops to ``there``."""
    return [f"neigh add {hop} lladdr {mac(there)} dev {DEVICE} nud permanent" for hop in _next_hops(there)]


def routes(verb: str, here: Node, there: Node) -> list[str]:
    """Return the ``ip`` commands that add or delete the routes of ``here`` to the pods of ``there``.

    The source is the node's own address, as without the overlay: the device has none (decision 010).
    """
    return [
        f"route {verb} {cidr} via {hop} dev {DEVICE} onlink src {source}"
        for cidr, hop, source in zip(there.pod_cidrs, _next_hops(there), here.addresses.all, strict=True)
    ]


def _next_hops(there: Node) -> list[str]:
    """Return the first address of each pod range, which no pod gets."""
    return [str(ip_network(cidr).network_address) for cidr in there.pod_cidrs]
