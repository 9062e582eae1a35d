"""Showing a pod with other addresses than it works with, so that a fault of addresses breaks no connection."""

from __future__ import annotations

import asyncio
import time

from pytest_k8snet.embedded.network.addresses import GATEWAYS, Addresses
from pytest_k8snet.embedded.network.link import PREFIX_LENGTH, PodLink, address_command
from pytest_k8snet.embedded.network.netns import NetNs, NetworkCommandError
from pytest_k8snet.embedded.network.node import Node

DELIVERY_SECONDS = 2.0


ACCEPT_LOCAL = "net.ipv4.conf.eth0.accept_local"
"""Without it IPv4 takes no packets from a source that is on an interface of its own, as the shown address may be."""


async def put_on(node: Node, link: PodLink, shown: Addresses) -> None:
    """Let eth0 of the pod show ``shown``. Its own addresses go to lo: they are answered, and used as the source.

    The shown ones are on the interface only: the pod neither answers at them nor takes packets to them for itself.
    A family that ``shown`` lacks is not to be seen at all.
    """
    await link.netns.sysctl({ACCEPT_LOCAL: "1"})
    for version, own in link.addresses.by_version:
        other = shown.get(version)
        if other == own:
            continue
        # The pod does not answer for addresses of lo when the node looks for their neighbour.
        await node.netns.ip(_neighbour(link, own))
        await link.netns.ip(address_command("add", "lo", version, own))
        if other:
            no_route = " noprefixroute" if version == 6 else ""
            await link.netns.ip(address_command("add", "eth0", version, other) + no_route)
            await _stop_delivery(link.netns, version, other)
        await link.netns.ip(address_command("del", "eth0", version, own), _default_route(version, own))


async def take_off(node: Node, link: PodLink, shown: Addresses) -> None:
    """Undo ``put_on``, also one that failed halfway: what shall go is made sure to be there first."""
    await link.netns.sysctl({ACCEPT_LOCAL: "0"})
    for version, own in link.addresses.by_version:
        other = shown.get(version)
        if other == own:
            continue
        commands = [address_command("replace", "eth0", version, own)]
        if other:
            commands += _away("eth0", version, other)
        await link.netns.ip(*commands, _default_route(version), *_away("lo", version, own))
        await node.netns.ip(_neighbour(link, own), f"neigh del {own} dev {link.device}")


def _neighbour(link: PodLink, address: str) -> str:
    return f"neigh replace {address} dev {link.device} lladdr {link.mac} nud permanent"


def _away(device: str, version: int, address: str) -> list[str]:
    return [address_command(verb, device, version, address) for verb in ("replace", "del")]


def _default_route(version: int, source: str = "") -> str:
    preferred = f"src {source}" if source else ""
    return f"route replace default via {GATEWAYS[version]} dev eth0 {preferred}"


async def _stop_delivery(netns: NetNs, version: int, address: str) -> None:
    """Delete the route by which the pod takes packets for itself; for IPv6 the kernel makes it a moment later."""
    deadline = time.monotonic() + DELIVERY_SECONDS
    while True:
        try:
            await netns.ip(f"route del local {address}/{PREFIX_LENGTH[version]} dev eth0 table local")
        except NetworkCommandError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.01)
        else:
            return
