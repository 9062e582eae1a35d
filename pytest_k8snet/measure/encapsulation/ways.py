"""Sends marked packets from pod to pod, and captures them on the nodes of both."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import Any

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.errors import NoVerdict
from pytest_k8snet.measure.encapsulation.capturing import capturing, marked
from pytest_k8snet.measure.encapsulation.evidence import Nodes, Sighting, Way, way
from pytest_k8snet.measure.encapsulation.sightings import sighting
from pytest_k8snet.measure.mtu.interfaces import of_nodes
from pytest_k8snet.probe.observation import Family, Outcome, Pod
from pytest_k8snet.probing import Probing

SENT = 8
TRIES = 3

Pair = tuple[Pod, Pod]


def one_pair_of_each_two_nodes(pairs: Collection[Pair]) -> list[Pair]:
    """Return, of pairs of pods, one for each two different nodes and each direction."""
    chosen = {(source.node, target.node): (source, target) for source, target in reversed(list(pairs))}
    return [pair for (here, there), pair in sorted(chosen.items()) if here != there]


class Watch:
    """Watches, on the nodes, what pods send to each other."""

    def __init__(self, cluster: Cluster, probe: Probing) -> None:
        self._prober = cluster.attachment.prober
        self._watchers = {pod.node: pod for pod in cluster.fleet.host_pods}
        self._devices = {pod.node: one.device for pod, one in of_nodes(cluster, probe).items()}
        self._hosts = [address for node in cluster.nodes for address in node.addresses]
        self._probe = probe

    def way(self, pair: Pair, family: Family) -> Way:
        """Tell how packets go from one pod to another. Raises NoVerdict when they do not arrive."""
        source, target = pair
        nodes = Nodes(source.node, target.node, self._devices[source.node], self._devices[target.node])
        sightings = self.sightings(pair, family)
        return way(sightings, nodes, SENT)

    def sightings(self, pair: Pair, family: Family) -> list[Sighting]:
        """Return what was captured while SENT marked packets went from one pod to another and were answered."""
        source, target = pair
        mark = secrets.token_hex(8)
        watchers = [self._watchers[node] for node in dict.fromkeys((source.node, target.node))]
        with capturing(self._prober, watchers, mark, self._hosts) as captured:
            self._send(pair, family, mark)
        ends = _packed(source.address(family)), _packed(target.address(family))
        found: list[Sighting] = []
        for pod, answer in captured.items():
            self._warn(pod, answer)
            read = (sighting(pod.node, packet, ends) for packet in answer["packets"])
            found += [one for one in read if one is not None]
        return found

    def _send(self, pair: Pair, family: Family, mark: str) -> None:
        source, target = pair
        left = marked(source, target.address(family), target.port, target.name, mark, SENT)
        for _ in range(TRIES):
            seen = self._prober.observe(left)
            left = [probe for probe in left if seen[probe].outcome is not Outcome.CONNECTED]
            if not left:
                return
        raise NoVerdict(
            f"{len(left)} of {SENT} marked packets from {source.name} to {target.name} were not answered",
            hint="See the checks MODEL-010 to 015 of the same run.",
        )

    def _warn(self, pod: Pod, answer: Mapping[str, Any]) -> None:
        if lost := answer["dropped"] + answer["beyond"]:
            self._probe.note(f"{lost} packets on {pod.node} were not captured: there was more than could be read")


def _packed(address: str) -> bytes:
    return ip_address(address).packed
