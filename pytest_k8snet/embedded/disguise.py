"""Showing a pod with other addresses than it works with, so that a fault of addresses breaks no connection."""

from __future__ import annotations

from pytest_k8snet.embedded.network.addresses import GATEWAYS, Addresses
from pytest_k8snet.embedded.network.link import PREFIX_LENGTH, PodLink, address_command


async def put_on(link: PodLink, shown: Addresses) -> None:
    """Let eth0 of the pod show ``shown``. Its own addresses go to lo: they are answered, and used as the source.

    The shown ones are on the interface only: the pod neither answers at them nor takes packets to them for itself.
    A family that ``shown`` lacks is not to be seen at all.
    """
    for version, own in link.addresses.by_version:
        other = shown.get(version)
        if other == own:
            continue
        commands = [address_command("add", "lo", version, own)]
        if other:
            commands += [address_command("add", "eth0", version, other), _not_delivered(version, other)]
        commands += [address_command("del", "eth0", version, own), _default_route(version, own)]
        await link.netns.ip(*commands)


async def take_off(link: PodLink, shown: Addresses) -> None:
    """Undo ``put_on``."""
    for version, own in link.addresses.by_version:
        other = shown.get(version)
        if other == own:
            continue
        commands = [address_command("add", "eth0", version, own)]
        if other:
            commands.append(address_command("del", "eth0", version, other))
        commands += [_default_route(version), address_command("del", "lo", version, own)]
        await link.netns.ip(*commands)


def _default_route(version: int, source: str = "") -> str:
    preferred = f"src {source}" if source else ""
    return f"route replace default via {GATEWAYS[version]} dev eth0 {preferred}"


def _not_delivered(version: int, address: str) -> str:
    return f"route del local {address}/{PREFIX_LENGTH[version]} dev eth0 table local"
