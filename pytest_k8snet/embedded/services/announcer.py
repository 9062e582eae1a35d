"""Tells the hosts outside the cluster by which nodes the addresses of load balancers are reached, as BGP would."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_k8snet.embedded.network.host import Host
from pytest_k8snet.embedded.network.link import PREFIX_LENGTH
from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.services.ports import ServicePort
from pytest_k8snet.embedded.services.proxy import Key, Ports
from pytest_k8snet.embedded.upkeep import together

Routes = Mapping[str, tuple[str, ...]]
"""The names of the nodes that take packets to an address."""

SPREAD_CONNECTIONS = {"net.ipv4.fib_multipath_hash_policy": "1", "net.ipv6.fib_multipath_hash_policy": "1"}
"""Choose the node by ports too; by addresses alone a client would always meet the same one."""


class Announcer:
    """Keeps routes with all nodes as next hops on every outside host; those of Services that serve only locally lead to
    the nodes that have an endpoint.
    """

    def __init__(self, outside: Iterable[Host], nodes: Iterable[Node]) -> None:
        self._hosts = list(outside)
        self._nodes = {node.name: node for node in nodes}
        self._announced: dict[Key, Routes] = {}
        self._prepared: set[Host] = set()

    async def follow(self, changed: Mapping[Key, Ports]) -> None:
        """Announce the addresses of the Services that have changed."""
        wanted = {key: routes(ports, tuple(self._nodes)) for key, ports in changed.items()}
        old = {address: nodes for key in changed for address, nodes in self._announced.get(key, {}).items()}
        new = {address: nodes for listed in wanted.values() for address, nodes in listed.items()}
        gone = [address for address, nodes in old.items() if new.get(address) != nodes]
        come = {address: nodes for address, nodes in new.items() if old.get(address) != nodes}
        commands = [
            *(f"route del {address}/{PREFIX_LENGTH[_version(address)]}" for address in gone),
            *(self._route(address, nodes) for address, nodes in come.items()),
        ]
        if commands:
            await together(self._tell(host, commands) for host in self._hosts)
        self._announced.update(wanted)

    async def _tell(self, host: Host, commands: list[str]) -> None:
        if host not in self._prepared:
            await host.netns.sysctl(SPREAD_CONNECTIONS)
            self._prepared.add(host)
        await host.netns.ip(*commands)

    def _route(self, address: str, nodes: Iterable[str]) -> str:
        version = _version(address)
        hops = " ".join(f"nexthop via {self._nodes[name].addresses.get(version)}" for name in nodes)
        return f"route add {address}/{PREFIX_LENGTH[version]} {hops}"


def routes(ports: Iterable[ServicePort], nodes: tuple[str, ...]) -> Routes:
    """Return the nodes that take packets to each load balancer's address of a Service."""
    found: dict[str, tuple[str, ...]] = {}
    for port in ports:
        local = tuple(name for name in nodes if port.local_endpoints(name))
        for address in port.balanced:
            found[address] = local if port.external_local and local else nodes
    return found


def _version(address: str) -> int:
    return 6 if ":" in address else 4
