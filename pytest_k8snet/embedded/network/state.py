"""What the kernel knows of the cluster's network, as text that can be compared."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Iterator

from pytest_k8snet.embedded.network.netns import TOOL_PATH, NetNs
from pytest_k8snet.embedded.network.topology import Network

COMMANDS = """
nft --stateless list ruleset
ip -o link | sed 's/ qlen.*//'
ip -o addr | sed 's/ valid_lft.*//'
ip route show table all
ip -6 route show table all
ip rule
ip -6 rule
ip neigh show nud permanent
cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/accept_local
"""


BY_ITSELF = re.compile(r"fe80::([0-9a-f]+:| )")
"""Link-local addresses, but the gateway's: the kernel makes them, some time after their link."""


async def network_state(network: Network) -> dict[str, list[str]]:
    """Return rules, links, addresses, routes and what is tuned, line by line, of every node, outside host and pod.

    What changes by itself is left out: counters, connections, learned neighbours, lifetimes.
    """
    places = {
        "the fabric": network.fabric,
        **{host.name: host.netns for host in (*network.nodes.values(), *network.outside.values())},
        **{f"pod {link.netns.name} on {node.name}": link.netns for node, link in network.links()},
    }
    states = await asyncio.gather(*map(_state, places.values()))
    return {place: state for place, state in zip(places, states, strict=True) if state is not None}


async def _state(netns: NetNs) -> list[str] | None:
    """The lines of one namespace, None for that of a pod that is just gone."""

    def look() -> str:
        argv = ("sh", "-c", f"exec 2>&1\n{COMMANDS}")
        return subprocess.run(argv, capture_output=True, text=True, env={"PATH": TOOL_PATH}, check=False).stdout

    try:
        return sorted(_pieces(await netns.run(look)))
    except OSError:
        if netns.descriptor < 0:
            return None
        raise


def _pieces(text: str) -> Iterator[str]:
    """The lines, with each element of a set by itself: nft lists them in the order in which they came."""
    for line in text.splitlines():
        if not BY_ITSELF.search(line):
            yield from filter(None, (piece.strip(" {}\t") for piece in line.replace("elements = {", "").split(",")))
