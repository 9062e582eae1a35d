"""Faults in the data path that are nothing but nftables rules, in a table of their own beside the cluster's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pytest_k8snet.embedded.injection import Target
from pytest_k8snet.embedded.network.addresses import POD_SPACE
from pytest_k8snet.embedded.network.hostports import FAMILY
from pytest_k8snet.embedded.network.netns import NetNs
from pytest_k8snet.embedded.network.node import Node

FORWARD = "type filter hook forward priority -10"
INPUT = "type filter hook input priority -10"
OUTPUT = "type filter hook output priority -10"
BEFORE_DEFRAGMENTATION = "type filter hook prerouting priority -450"
DESTINATION_NAT = "type nat hook prerouting priority -110"
SOURCE_NAT = "type nat hook postrouting priority 90"

TOO_FAST = "limit rate over 5 mbytes/second burst 64 kbytes"
"""Matches what is more than 40 Mbit/s: a hundredth of what the links carry, and more than any check of reachability."""

Chains = Mapping[str, Iterable[str]]
"""Rules by the hook of their chain. No chains: nothing on that node."""


@dataclass
class PacketRules:
    """A fault made of rules on the nodes; they hold for all pods, also for those to come.

    ``chains`` gives the rules of one node. With ``nat`` connections begin anew after every change, because NAT is
    decided by a connection's first packet. With ``follows_pods`` the rules are made anew when pods come and go.
    """

    name: str
    breaks: str
    chains: Callable[[Node, Target], Chains]
    nat: bool = False
    follows_pods: bool = False
    layer: str = "data path"

    async def apply(self, cluster: Target) -> None:
        """Load the rules."""
        made = {node.name: self.chains(node, cluster) for node in cluster.network.nodes.values()}
        for node in cluster.network.nodes.values():
            await load(node.netns, self.name, made[node.name])
            if self.nat:
                await node.forget_connections()
            if self.follows_pods:
                node.on_change.append(self._reloader(cluster))

    async def revert(self, cluster: Target) -> None:
        """Remove the rules."""
        for node in cluster.network.nodes.values():
            node.on_change[:] = [hook for hook in node.on_change if getattr(hook, "fault", None) is not self]
            await load(node.netns, self.name, {})
            if self.nat:
                await node.forget_connections()

    def _reloader(self, cluster: Target) -> _Reloader:
        return _Reloader(self, cluster)


@dataclass(frozen=True)
class _Reloader:
    """Loads a fault's rules anew on a node whose pods have changed."""

    fault: PacketRules
    cluster: Target

    async def __call__(self, node: Node) -> None:
        await load(node.netns, self.fault.name, self.fault.chains(node, self.cluster))


async def load(netns: NetNs, name: str, chains: Chains) -> None:
    """Replace the table of the fault ``name`` in a namespace; without chains, remove it."""
    table = f"inet k8snet-fault-{name}"
    text = f"table {table} {{}}\ndelete table {table}\n"
    if chains:
        text += f"table {table} {{\n"
        for number, (hook, rules) in enumerate(chains.items()):
            lines = "".join(f"    {rule}\n" for rule in rules)
            text += f"  chain c{number} {{\n    {hook}\n{lines}  }}\n"
        text += "}\n"
    await netns.nft(text)


def between_pods(verdict: str) -> list[str]:
    """Return rules of both families for packets from a pod to a pod; ``verdict`` may begin with more conditions."""
    return [between(POD_SPACE[version], POD_SPACE[version], verdict) for version in (4, 6)]


def between(source: str, target: str, verdict: str) -> str:
    """Return a rule for packets from one address range to another of the same family."""
    family = FAMILY[6 if ":" in source else 4]
    return f"{family} saddr {source} {family} daddr {target} {verdict}"


def between_nodes(source: Node, target: Node, verdict: str) -> list[str]:
    """Return rules for packets from the pods of one node to those of another."""
    ranges = zip(source.pod_cidrs, target.pod_cidrs, strict=True)
    return [between(here, there, verdict) for here, there in ranges]


def whole_packets(rules: list[str]) -> list[str]:
    """Return the rules for packets that routers may not, or in IPv6 never, cut into fragments."""
    conditions = {"ip": "ip frag-off & 0x4000 != 0", "ip6": "exthdr frag missing"}
    return [f"{conditions[rule.split()[0]]} {rule}" for rule in rules]
