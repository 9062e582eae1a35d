"""Static routes: each node knows the fabric's address of every other as the next hop to its pods."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.options import PodNetworkName


class Routed:
    """The pod network without any overhead."""

    name: PodNetworkName = "routed"
    overhead = 0
    device = ""

    async def connect(self, nodes: Sequence[Node]) -> None:
        """Add the routes."""
        await asyncio.gather(
            *(
                here.netns.ip(*(route for there in nodes if there is not here for route in routes("add", there)))
                for here in nodes
            )
        )

    async def cut(self, here: Node, there: Node) -> None:
        """Delete the routes."""
        await here.netns.ip(*routes("delete", there))

    async def mend(self, here: Node, there: Node) -> None:
        """Add the routes again."""
        await here.netns.ip(*routes("add", there))


def routes(verb: str, there: Node) -> list[str]:
    """Return the ``ip`` commands that add or delete the routes of any other node to the pods of ``there``."""
    ranges = zip(there.pod_cidrs, there.addresses.all, strict=True)
    return [f"route {verb} {cidr} via {via} dev eth0" for cidr, via in ranges]
