"""The MTU of the interface that a pod, or a node, sends by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.errors import NoVerdict
from pytest_k8snet.probe.facts import Facts, Link
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.probing import Probing


@dataclass(frozen=True, slots=True, order=True)
class Interface:
    """An interface with a pod's address, or a node's.

    ``mtu`` in bytes is that of what is sent by it: some networks leave the interface's as it is, and give the default
    route a smaller one.
    """

    owner: str
    node: str
    device: str
    mtu: int

    def __str__(self) -> str:
        return f"{self.owner} on {self.node}: {self.device} with MTU {self.mtu}"


def of_pods(cluster: Cluster, probe: Probing) -> dict[Pod, Interface]:
    """Return the interface of each ordinary pod of the fleet. Raises NoVerdict when one has none."""
    pods = cluster.fleet.pods
    return _with_address(probe.facts(pods), {pod: pod.addresses for pod in pods})


def of_nodes(cluster: Cluster, probe: Probing) -> dict[Pod, Interface]:
    """Return for each hostNetwork pod the interface that has its node's InternalIP. Raises NoVerdict."""
    hosts = cluster.fleet.host_pods
    return _with_address(probe.facts(hosts), {pod: cluster.node(pod.node).addresses for pod in hosts})


def _with_address(facts: Mapping[Pod, Facts], wanted: Mapping[Pod, tuple[str, ...]]) -> dict[Pod, Interface]:
    found = {}
    for pod, addresses in wanted.items():
        links = _sending(facts[pod], addresses)
        if not links:
            raise NoVerdict(f"{pod.name} on {pod.node} has no interface but the loopback")
        smallest = min(links, key=lambda link: link.mtu)
        devices = {link.dev for link in links}
        found[pod] = Interface(pod.name, pod.node, smallest.dev, min([smallest.mtu, *_of_routes(facts[pod], devices)]))
    return found


def _sending(facts: Facts, addresses: Collection[str]) -> list[Link]:
    """Return the interfaces with one of the addresses, all that are up where only the loopback has them."""
    up = [link for link in facts.links if link.up and link.dev != "lo"]
    devices = {entry.dev for entry in facts.addresses if entry.address in addresses}
    return [link for link in up if link.dev in devices] or up


def _of_routes(facts: Facts, devices: Collection[str]) -> list[int]:
    everything = ("0.0.0.0/0", "::/0")
    return [
        route.mtu for route in facts.routes if route.mtu and route.destination in everything and route.dev in devices
    ]


def unlike_most(interfaces: Mapping[Pod, Interface]) -> list[Interface]:
    """Return the interfaces whose MTU is not the one that most have; of two as frequent ones the smaller is unlike."""
    mtus = [interface.mtu for interface in interfaces.values()]
    usual = max(sorted(set(mtus), reverse=True), key=mtus.count, default=0)
    return sorted(interface for interface in interfaces.values() if interface.mtu != usual)
