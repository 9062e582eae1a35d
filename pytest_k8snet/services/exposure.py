"""The truth table "who can reach what from where": one of each node's pods, its hostNetwork pod, and a host outside."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.probe.observation import CONNECTS, Expectation, Expected, Family, Pod, Probe
from pytest_k8snet.probe.questions import reach
from pytest_k8snet.services.balancer import with_address
from pytest_k8snet.services.questions import alive, merged, nobody, through
from pytest_k8snet.services.served import TCP_UDP, Door, Served, ports_at
from pytest_k8snet.services.vantage import from_outside

UNUSUAL_PORT = 20080
"""One that nobody serves on a node by himself."""


class Exposure:
    """Tables of one family. Each has a row for every kind of place that can ask."""

    def __init__(self, cluster: Cluster, family: Family) -> None:
        self._cluster = cluster
        self._family = family
        self._pods = tuple({pod.node: pod for pod in reversed(cluster.fleet.pods)}.values())
        self._hosts = cluster.with_family(cluster.fleet.host_pods, family)

    @property
    def everybody(self) -> tuple[Pod, ...]:
        """Pods, nodes, and the host outside."""
        return (*self._pods, *self._hosts, self._cluster.outside)

    def of_host_network(self) -> Expectation:
        """Expect that everybody reaches the hostNetwork pod of each node."""
        return reach("hostNetwork", self.everybody, self._hosts, self._family, TCP_UDP)

    def of_host_port(self) -> Expectation:
        """Expect that everybody reaches the hostPort of the fleet, but those on its own node."""
        target, port = self._cluster.host_port
        address = self._cluster.node(target.node).address(self._family)
        expected = Expected(CONNECTS, server=target.name, because=f"{target.name} declares hostPort {port}")
        # A node that asks itself is left open: not every implementation looks at what a node sends to itself.
        asking = [pod for pod in self.everybody if pod.node != target.node]
        return Expectation(
            "hostPort",
            {
                Probe(pod, address, port, protocol, f"{target.node}:{port}", target_node=target.node): expected
                for pod in asking
                for protocol in TCP_UDP
            },
        )

    def of_service(
        self, title: str, served: Served, doors: Collection[Door], *, target: Pod | None = None
    ) -> Expectation:
        """Expect what the oracle says of everybody at some doors of a Service."""
        asked = through(title, served, self.everybody, doors, tries=4, target=target)
        return merged(title, from_outside(self._cluster, self._family), *self._living(target), asked)

    def not_on_nodes(self, served: Served, target: Pod) -> Expectation:
        """Expect that nobody answers at the port of a ClusterIP Service at the addresses of nodes."""
        addresses = self._cluster.node_addresses(self._family)
        doors = [
            replace(door, address=address, name=f"{node}:{door.port}", node=node)
            for node, address in addresses.items()
            for door in served.inside(self._family)
        ]
        because = "a Service of type ClusterIP is reached at its cluster address only"
        living = (from_outside(self._cluster, self._family), *self._living(target))
        return nobody("the Service's port at nodes", self.everybody, doors, because, *living, target=target)

    def inside_only(self, expected: Expectation) -> Expectation:
        """Return a table without the host outside."""
        cells = {probe: cell for probe, cell in expected.cells.items() if probe.source != self._cluster.outside}
        return replace(expected, cells=cells)

    def balanced(self, namespace: Namespace, served: Served) -> tuple[Served, list[Door]]:
        """Return a Service once a load balancer gave it an address, and the doors there."""
        now = with_address(namespace, served)
        if not (doors := now.balanced(self._family)):
            pytest.skip(f"the load balancer gave no {self._family} address")
        return now, doors

    def unusual_ports(self) -> list[dict[str, Any]]:
        """Return the ports of a Service that nobody else has on a node."""
        return ports_at(UNUSUAL_PORT)

    def _living(self, target: Pod | None) -> list[Expectation]:
        return [alive([*self._pods, *self._hosts], target, self._family)] if target else []
