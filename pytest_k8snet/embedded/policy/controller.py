"""Keeps the rules of all nodes as NetworkPolicies and cluster-wide policies want them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

from pytest_k8snet.embedded.api.objects import labels_of, namespace_of
from pytest_k8snet.embedded.api.store import Change, Store
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.network.topology import Network
from pytest_k8snet.embedded.nftables.table import Table
from pytest_k8snet.embedded.policy.compiler import SKELETON, Compiler
from pytest_k8snet.embedded.policy.world import Pod, World, machine, named_ports, namespace_labels, restarts_of
from pytest_k8snet.embedded.upkeep import Upkeep, together

CLUSTER_POLICIES = ("adminnetworkpolicies", "baselineadminnetworkpolicies", "clusternetworkpolicies")
FOLLOWED = ("networkpolicies", *CLUSTER_POLICIES, "namespaces", "pods", "nodes")
LABELLED = {"Namespace", "Node", "Pod"}

Rewrite = Callable[[World], World]


class PolicyController:
    """Follows policies, namespaces, pods and their links. A pod is connected only when its rules are loaded.

    ``rewrites`` change, one after the other, the world of which the rules are made; they are for faults, which add
    theirs under their name and must call ``update`` then.
    """

    def __init__(self, store: Store, network: Network) -> None:
        self.rewrites: dict[str, Rewrite] = {}
        self._store = store
        self._network = network
        self._tables = {node.name: Table(node.netns, "policy", SKELETON) for node in network.nodes.values()}
        self._upkeep = Upkeep(self._load)
        self._compiler = Compiler(World())
        self._connected: tuple[Pod, ...] = ()
        for node in network.nodes.values():
            node.on_attach.append(self._attached)
            node.on_change.append(self._changed)

    async def run(self) -> None:
        """Enforce for ever."""
        await asyncio.gather(self._upkeep.run(), *(self._follow(plural) for plural in FOLLOWED))

    async def update(self) -> None:
        """Load the rules anew and wait until all nodes have them."""
        await self._upkeep.done()

    def need(self) -> None:
        """Load the rules anew soon."""
        self._upkeep.need()

    async def _follow(self, plural: str) -> None:
        with self._store.watch(plural) as watch:
            while True:
                if any(map(_matters, await watch.batch())):
                    self._upkeep.need()

    async def _attached(self, node: Node, link: PodLink) -> None:
        await self.update()

    async def _changed(self, node: Node) -> None:
        self._upkeep.need()

    async def _load(self) -> None:
        world = World(
            tuple(self._store.list("networkpolicies")),
            self._pods(),
            self._namespaces(),
            cluster_policies=tuple(policy for plural in CLUSTER_POLICIES for policy in self._store.list(plural)),
            machines=tuple(map(machine, self._store.list("nodes"))),
        )
        for rewrite in self.rewrites.values():
            world = rewrite(world)
        self._compiler = compiler = Compiler(world, self._compiler)
        await together(table.change({"": compiler.content(name)}) for name, table in self._tables.items())

    def _namespaces(self) -> dict[str, Mapping[str, str]]:
        return namespace_labels(self._store.list("namespaces"))

    def _pods(self) -> tuple[Pod, ...]:
        """The pods that are connected. One that is as it was is the same object as it was."""
        former = {pod.uid: pod for pod in self._connected}
        pods = ((former.get(pod.uid), pod) for pod in self._pods_now())
        self._connected = tuple(was if was and vars(was) == vars(pod) else pod for was, pod in pods)
        return self._connected

    def _pods_now(self) -> Iterator[Pod]:
        """The pods that are connected, with the addresses that they really have."""
        links: dict[str, list[tuple[Node, PodLink]]] = {}
        for node, link in self._network.links():
            links.setdefault(link.owner, []).append((node, link))
        for pod in self._store.list("pods"):
            found = links.get(pod["metadata"]["uid"], ())
            if found:
                yield Pod(
                    namespace_of(pod),
                    labels_of(pod),
                    tuple(address for _, link in found for address in link.addresses.all),
                    tuple(named_ports(pod)),
                    tuple(link.device for _, link in found),
                    found[0][0].name,
                    pod["metadata"]["uid"],
                    restarts_of(pod),
                )


def _matters(change: Change) -> bool:
    """Pods, nodes and namespaces matter by their labels and restarts; their status changes far more often."""
    if change.type != "MODIFIED" or change.previous is None or change.obj["kind"] not in LABELLED:
        return True
    new, old = change.obj, change.previous
    return labels_of(new) != labels_of(old) or restarts_of(new) != restarts_of(old)
