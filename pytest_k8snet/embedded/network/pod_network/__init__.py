"""How packets get from the pods of one node to those of another: routed, through VXLAN, or by routes from BGP."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.network.pod_network.bgp import Bgp
from pytest_k8snet.embedded.network.pod_network.routed import Routed
from pytest_k8snet.embedded.network.pod_network.vxlan import Vxlan
from pytest_k8snet.embedded.options import PodNetworkName


class PodNetwork(Protocol):
    """The network between the nodes' pods.

    ``overhead`` are the bytes that it adds to a packet of a pod, by which the pods' MTU is smaller than the fabric's.
    ``device`` is the interface of its own that it has on each node, "" for none; its MTU is the pods'.
    """

    name: PodNetworkName
    overhead: int
    device: str

    async def connect(self, nodes: Sequence[Node]) -> None:
        """Set it up. When this returns, every node has its way to the pods of all others.

        Raises NetworkCommandError or OSError when the machine refuses.
        """
        ...

    async def cut(self, here: Node, there: Node) -> None:
        """Let ``here`` have no route to the pods of ``there``; the other direction keeps its own."""
        ...

    async def mend(self, here: Node, there: Node) -> None:
        """Undo ``cut``."""
        ...


def choose(name: PodNetworkName, versions: tuple[int, ...], scratch: Path) -> PodNetwork:
    """Return the pod network of a name for a cluster with these IP versions. ``scratch`` is for files of daemons."""
    match name:
        case "routed":
            return Routed()
        case "vxlan":
            return Vxlan(versions)
        case "bgp":
            return Bgp(scratch / "bird")
