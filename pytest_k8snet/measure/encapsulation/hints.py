"""What would be gained by another way between nodes than the one that was seen."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address, ip_network

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.measure.encapsulation.evidence import ENCRYPTED, Around, Way
from pytest_k8snet.measure.mtu.interfaces import of_nodes, of_pods
from pytest_k8snet.measure.mtu.overhead import gain
from pytest_k8snet.probe.facts import Route
from pytest_k8snet.probe.observation import Family
from pytest_k8snet.probing import Probing

NEEDLESS = (Around.VXLAN, Around.GENEVE, Around.IPIP, Around.GRE)
"""What only leads packets to the node; encryption has a purpose of its own."""


def without_encapsulation(cluster: Cluster, probe: Probing, ways: Collection[Way], family: Family) -> str:
    """Say what would be gained without the encapsulation that was seen, where nodes are neighbours; else ""."""
    seen = {way.around for way in ways if way.around in NEEDLESS}
    if not seen or not neighbours(cluster, probe):
        return ""
    kinds = " and ".join(sorted(map(str, seen)))
    node_mtu = min(one.mtu for one in of_nodes(cluster, probe).values())
    pod_mtu = min(one.mtu for one in of_pods(cluster, probe).values())
    hint = f"nodes reach each other without a router, so that {kinds} for {family} could be switched off"
    gained = gain(pod_mtu, node_mtu)
    return f"{hint}: {gained or 'less work for each packet'}"


def larger_mtu(ways: Collection[Way], pod_mtu: int, node_mtu: int) -> str:
    """Say what pods would gain by the largest MTU that what was seen around packets leaves them; "" for nothing.

    Of what is encrypted it cannot be seen how much is added.
    """
    if any(way.around is None or way.around in ENCRYPTED for way in ways):
        return ""
    return gain(pod_mtu, node_mtu - max((way.added for way in ways), default=0))


def neighbours(cluster: Cluster, probe: Probing) -> bool:
    """Whether each node has a route without a next hop to the addresses of all others."""
    hosts = cluster.fleet.host_pods
    facts = probe.facts(hosts)
    return all(
        _on_link(facts[pod].routes, address)
        for pod in hosts
        for node in cluster.nodes
        if node.name != pod.node
        for address in node.addresses
    )


def _on_link(routes: Collection[Route], address: str) -> bool:
    wanted = ip_address(address)
    covering = [route for route in routes if wanted in ip_network(route.destination, strict=False)]
    return bool(covering) and not max(covering, key=lambda route: ip_network(route.destination).prefixlen).gateway
