"""hostPorts of a node: destination NAT in nftables from the node's addresses to its pods, as portmap does it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pytest_k8snet.embedded.network.netns import NetNs

TABLE = "inet k8snet-hostports"
FAMILY = {4: "ip", 6: "ip6"}
LOCALHOST = {4: "127.0.0.0/8", 6: "::1"}


@dataclass(frozen=True)
class Forward:
    """One forwarded port, for one IP version. ``host_address`` "" means every address of the node."""

    version: int
    protocol: str
    host_address: str
    host_port: int
    pod_address: str
    pod_port: int


Rewrite = Callable[[list[Forward]], list[Forward]]


def unchanged(forwards: list[Forward]) -> list[Forward]:
    """Forward what pods declare."""
    return forwards


class HostPorts:
    """The forwarded ports of one node. ``rewrite`` may be replaced by a fault; ``update`` must follow."""

    def __init__(self, netns: NetNs) -> None:
        self.rewrite: Rewrite = unchanged
        self._netns = netns
        self._wanted: list[Forward] = []
        self._loading = asyncio.Lock()

    async def set(self, forwards: Iterable[Forward]) -> None:
        """Forward exactly these ports."""
        wanted = list(forwards)
        if wanted != self._wanted:
            self._wanted = wanted
            await self.update()

    async def update(self) -> None:
        """Load the rules anew."""
        async with self._loading:
            await self._netns.nft(ruleset(self.rewrite(self._wanted)))


def ruleset(forwards: Iterable[Forward]) -> str:
    """Return nftables text that replaces the table of hostPorts in one transaction."""
    forwards = list(forwards)
    empty = f"table {TABLE} {{}}\ndelete table {TABLE}\n"
    if not forwards:
        return empty
    chains = {
        "dispatch": [_dispatch(forward) for forward in forwards],
        "pre": ["type nat hook prerouting priority -100", "fib daddr type local jump dispatch"],
        "out": ["type nat hook output priority -100", "fib daddr type local jump dispatch"],
        # A pod that asks its own hostPort would get the answer from itself, past the node's NAT; and an answer to
        # 127.0.0.1 would not leave the pod.
        "post": [
            "type nat hook postrouting priority 100",
            "ip saddr 127.0.0.0/8 ct status dnat masquerade",
            *sorted({_hairpin(forward) for forward in forwards}),
        ],
    }
    text = "".join(f"  chain {name} {{\n{_lines(rules)}  }}\n" for name, rules in chains.items())
    return f"{empty}table {TABLE} {{\n{text}}}\n"


def _dispatch(forward: Forward) -> str:
    family = FAMILY[forward.version]
    where = f"{family} daddr {forward.host_address}" if forward.host_address else f"meta nfproto ipv{forward.version}"
    not_looped = f"{family} daddr != {LOCALHOST[6]} " if forward.version == 6 else ""
    target = f"[{forward.pod_address}]" if forward.version == 6 else forward.pod_address
    what = f"{forward.protocol} dport {forward.host_port}"
    return f"{where} {not_looped}{what} dnat {family} to {target}:{forward.pod_port}"


def _hairpin(forward: Forward) -> str:
    family, pod = FAMILY[forward.version], forward.pod_address
    return f"{family} saddr {pod} {family} daddr {pod} ct status dnat masquerade"


def _lines(rules: Iterable[str]) -> str:
    return "".join(f"    {rule}\n" for rule in rules)
