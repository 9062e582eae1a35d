"""A pod's place in the network: its namespace, the veth pair to its node, its addresses and ports."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_k8snet.embedded.network.addresses import GATEWAYS, Addresses
from pytest_k8snet.embedded.network.netns import NetNs

PREFIX_LENGTH = {4: 32, 6: 128}


@dataclass(frozen=True)
class PodPort:
    """A port that a container declares. ``host_port`` is 0 when the node does not forward to it.

    ``host_address`` limits the hostPort to one address of the node; "" means all. ``protocol`` is tcp, udp or sctp.
    """

    protocol: str
    port: int
    host_port: int = 0
    host_address: str = ""


@dataclass(eq=False)
class PodLink:
    """``device`` is the node's end of the veth pair, eth0 with the address ``mac`` the pod's.

    ``addresses`` are what the pod really has. They differ from ``assigned``, what the node's address pool gave, only
    while a fault has changed them. ``owner`` is the uid of the pod.
    """

    netns: NetNs
    device: str
    mac: str
    assigned: Addresses
    addresses: Addresses
    ports: tuple[PodPort, ...] = ()
    owner: str = ""

    async def configure(self, mtu: int) -> None:
        """Configure the pod's end, which is in its namespace already."""
        commands = ["link set lo up", f"link set eth0 mtu {mtu}"]
        commands += [address_command("add", "eth0", version, text) for version, text in self.addresses.by_version]
        commands.append("link set eth0 up")
        for version, _ in self.addresses.by_version:
            if version == 4:
                commands.append(f"route add {GATEWAYS[4]} dev eth0 scope link")
            commands.append(f"route add default via {GATEWAYS[version]} dev eth0")
        await self.netns.ip(*commands)


def address_command(verb: str, device: str, version: int, address: str) -> str:
    """Return the ``ip`` command that adds, replaces or deletes a pod's address on a device of the pod."""
    no_wait = " nodad" if version == 6 and verb != "del" else ""
    return f"addr {verb} {address}/{PREFIX_LENGTH[version]} dev {device}{no_wait}"
