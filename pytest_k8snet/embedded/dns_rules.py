"""Faults in the transport of DNS: nftables rules in the pods of the cluster's name servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_k8snet.embedded.injection import Target
from pytest_k8snet.embedded.network.addresses import POD_SPACE
from pytest_k8snet.embedded.network.hostports import FAMILY
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.node import AttachHook, Node
from pytest_k8snet.embedded.packet_rules import INPUT, Chains, load


def closed_to_pods(port: int) -> Callable[[PodLink], Chains]:
    """Return the rules that refuse a TCP port of the name servers to pods, not to their nodes."""
    rules = [
        f"{FAMILY[version]} saddr {POD_SPACE[version]} tcp dport {port} reject with tcp reset" for version in (4, 6)
    ]
    return lambda link: {INPUT: rules}


@dataclass
class DnsRules:
    """``chains`` gives the rules for one replica. They hold for all, also those to come, or for the first one only."""

    name: str
    breaks: str
    chains: Callable[[PodLink], Chains]
    first_only: bool = False
    layer: str = "dns"
    _hook: AttachHook | None = None

    async def apply(self, cluster: Target) -> None:
        """Load the rules. Raises NotPossible when no name server runs."""
        for link in cluster.name_servers()[: 1 if self.first_only else None]:
            await load(link.netns, self.name, self.chains(link))
        if not self.first_only:
            self._hook = self._loader(cluster)
            for node in cluster.network.nodes.values():
                node.on_attach.append(self._hook)

    async def revert(self, cluster: Target) -> None:
        """Remove the rules."""
        for node in cluster.network.nodes.values():
            if self._hook is not None:
                node.stop_calling(self._hook)
        await cluster.network.in_each_pod(lambda node, link: load(link.netns, self.name, {}))

    def _loader(self, cluster: Target) -> AttachHook:
        async def load_into(node: Node, link: PodLink) -> None:
            if cluster.is_name_server(link):
                await load(link.netns, self.name, self.chains(link))

        return load_into
