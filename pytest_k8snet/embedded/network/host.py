"""A machine of the cluster's network: a namespace with an interface on the fabric; nodes and outside hosts are such."""

from __future__ import annotations

from pytest_k8snet.embedded.network.addresses import Addresses
from pytest_k8snet.embedded.network.netns import NetNs

MTU = 1500
PREFIX_LENGTH = {4: 24, 6: 64}

HOST_SYSCTLS = {
    "net.ipv6.conf.all.accept_dad": "0",
    "net.ipv6.conf.default.accept_dad": "0",
    "net.ipv4.icmp_ratelimit": "0",  # a table of hundreds of closed ports must see every answer
    "net.ipv6.icmp.ratelimit": "0",
}


class Host:
    """A machine on the fabric. ``addresses`` are those of its interface eth0, ``port`` is the bridge's end of it."""

    def __init__(self, name: str, netns: NetNs, addresses: Addresses) -> None:
        self.name = name
        self.netns = netns
        self.addresses = addresses
        self.port = f"p-{name}"

    async def plug_into(self, fabric: NetNs, bridge: str) -> None:
        """Connect eth0 to a bridge in the namespace ``fabric`` and give it its addresses."""
        await self.netns.sysctl(HOST_SYSCTLS)
        peer = f"peer name eth0 mtu {MTU} netns {self.netns.path}"
        await fabric.ip(f"link add {self.port} mtu {MTU} type veth {peer}", f"link set {self.port} master {bridge} up")
        await self.netns.ip(
            "link set lo up",
            "link set eth0 up",
            *(
                f"addr add {address}/{PREFIX_LENGTH[version]} dev eth0" + (" nodad" if version == 6 else "")
                for version, address in self.addresses.by_version
            ),
        )

    def close(self) -> None:
        """Let go of the namespace."""
        self.netns.close()
