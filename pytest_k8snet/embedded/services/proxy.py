"""Keeps the tables of all nodes as the Services and their EndpointSlices want them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVar

from pytest_k8snet.embedded.api.objects import ZONE, Obj, labels_of, name_of, namespace_of
from pytest_k8snet.embedded.api.store import Change, Store
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.network.topology import Network
from pytest_k8snet.embedded.nftables.table import Table
from pytest_k8snet.embedded.services.compiler import NodeView, service_content, skeleton
from pytest_k8snet.embedded.services.conntrack import end_flows
from pytest_k8snet.embedded.services.delivery import Deliver, at_once
from pytest_k8snet.embedded.services.ports import ServicePort, service_ports
from pytest_k8snet.embedded.services.slices import SERVICE_NAME
from pytest_k8snet.embedded.services.udp import Destinations, destinations, stale_flows
from pytest_k8snet.embedded.upkeep import Upkeep, together

K = TypeVar("K")
Key: TypeAlias = tuple[str, str]
"""Namespace and name of a Service."""

Ports: TypeAlias = tuple[ServicePort, ...]
Rewrite: TypeAlias = Callable[[str, Ports], Ports]
"""From a node's name and the ports of a Service to those that the node serves."""

Follower: TypeAlias = Callable[[Mapping[Key, Ports]], Awaitable[None]]
"""Is told the ports of the Services that have changed, none for one that is gone."""


class ServiceProxy:
    """Follows Services and slices. ``reserved`` are the ranges, by IP version, that belong to Services alone.

    ``zones`` are those of the nodes by their names, as their labels say.

    ``followers`` are called when the nodes have their rules. ``rewrites`` change, one after the other, what a node
    serves, ``tell`` what the followers hear of it, ``deliver`` which changes this hears of and when; without
    ``ends_flows`` UDP flows go on wherever they went. All are for faults, which must call ``update`` or ``relist``.
    """

    def __init__(
        self,
        store: Store,
        network: Network,
        reserved: Mapping[int, tuple[str, ...]],
        followers: Sequence[Follower] = (),
    ) -> None:
        self.rewrites: list[Rewrite] = []
        self.tell: Callable[[Ports], Ports] = lambda ports: ports
        self.deliver: Deliver = at_once
        self.ends_flows = True
        self.zones: dict[str, str] = {}
        self._store = store
        self._nodes = [_NodeProxy(node, reserved) for node in network.nodes.values()]
        self._followers = followers
        self._upkeep = Upkeep(self._load)
        self._services: dict[Key, Obj] = {}
        self._slices: dict[Key, dict[str, Obj]] = {}
        self._concerned: set[Key] = set()

    async def run(self) -> None:
        """Serve for ever."""
        await asyncio.gather(self._upkeep.run(), self._follow())

    def has(self, service: str) -> bool:
        """Tell whether there is a Service of this name, which is NAMESPACE/NAME."""
        namespace, _, name = service.partition("/")
        return (namespace, name) in self._services

    async def update(self) -> None:
        """Load every Service anew and wait until all nodes have it."""
        self._concerned.update(self._services)
        await self._upkeep.done()

    async def relist(self) -> None:
        """Forget what was heard, take what is stored, and wait until all nodes have it."""
        self._concerned.update(self._services)
        self._services.clear()
        self._slices.clear()
        self._list()
        await self._upkeep.done()

    async def _follow(self) -> None:
        with self._store.watch_everything() as watch:
            self._list()
            self._upkeep.need()
            while True:
                for change in await watch.batch():
                    self.deliver(change, self._note)

    def _list(self) -> None:
        for plural in ("nodes", "services", "endpointslices"):
            for obj in self._store.list(plural):
                self._note(Change(0, "ADDED", obj))

    def _note(self, change: Change) -> None:
        obj = change.obj
        if obj["kind"] == "Service":
            key = (namespace_of(obj), name_of(obj))
            _keep(self._services, key, change)
        elif obj["kind"] == "EndpointSlice":
            key = (namespace_of(obj), labels_of(obj).get(SERVICE_NAME, ""))
            _keep(self._slices.setdefault(key, {}), name_of(obj), change)
        else:
            self._note_node(obj)
            return
        self._concerned.add(key)
        self._upkeep.need()

    def _note_node(self, obj: Obj) -> None:
        """A node's zone decides which of the endpoints with hints it uses."""
        if obj["kind"] == "Node" and self.zones.get(name_of(obj), "") != (zone := labels_of(obj).get(ZONE, "")):
            self.zones[name_of(obj)] = zone
            self._concerned.update(self._services)
            self._upkeep.need()

    async def _load(self) -> None:
        concerned, self._concerned = self._concerned, set()
        ports = {key: self._ports(key) for key in concerned}
        try:
            await together(
                node.serve(self._rewritten(node.name, ports), self.zones.get(node.name, ""), self.ends_flows)
                for node in self._nodes
            )
            told = {key: self.tell(listed) for key, listed in ports.items()}
            await together(follower(told) for follower in self._followers)
        except BaseException:
            self._concerned |= concerned
            raise

    def _rewritten(self, node: str, ports: Mapping[Key, Ports]) -> Mapping[Key, Ports]:
        for rewrite in self.rewrites:
            ports = {key: rewrite(node, listed) for key, listed in ports.items()}
        return ports

    def _ports(self, key: Key) -> Ports:
        service = self._services.get(key)
        return service_ports(service, self._slices.get(key, {}).values()) if service else ()


class _NodeProxy:
    """The table of one node, and the UDP flows through it."""

    def __init__(self, node: Node, reserved: Mapping[int, tuple[str, ...]]) -> None:
        self.name = node.name
        ranges = {6 if ":" in cidr else 4: cidr for cidr in node.pod_cidrs}
        self._view = NodeView(node.name, dict(node.addresses.by_version), ranges, reserved)
        self._node = node
        self._table: Table | None = None
        self._udp: dict[Key, Destinations] = {}

    async def serve(self, changed: Mapping[Key, Ports], zone: str, ends_flows: bool) -> None:
        """Serve the ports of the Services that have changed; end the UDP flows that lead to none of them any more."""
        if self._table is None:
            self._table = await self._new_table()
        view = replace(self._view, zone=zone)
        parts = {"/".join(key): service_content(ports, view) for key, ports in changed.items()}
        await self._table.change(parts)
        before = [self._udp.get(key, {}) for key in changed]
        after = {key: destinations(ports, self._view.addresses) for key, ports in changed.items()}
        if (stale := stale_flows(before, after.values())) and ends_flows:
            await self._node.netns.run(lambda: end_flows(stale.addresses, stale))
        self._udp = {key: found for key, found in {**self._udp, **after}.items() if found}

    async def _new_table(self) -> Table:
        """A packet to a Service's address needs a route before it can be translated; none of these is ever used."""
        ranges = [cidr for version in self._view.addresses for cidr in self._view.reserved.get(version, ())]
        await self._node.netns.ip(*(f"route replace {cidr} dev eth0" for cidr in ranges))
        return Table(self._node.netns, "services", skeleton(self._view))


def _keep(known: dict[K, Obj], key: K, change: Change) -> None:
    if change.type == "DELETED":
        known.pop(key, None)
    else:
        known[key] = change.obj
