"""Path MTU by probes with DF: the longest packet that arrives, and what becomes of one that is longer.

RFC 1191 and RFC 8201: who cannot pass a packet on says so. Where nobody does, the path is a black hole (RFC 2923).
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.errors import NoVerdict
from pytest_k8snet.measure.mtu.search import Search
from pytest_k8snet.measure.observer import Observer
from pytest_k8snet.probe.observation import Family, Observation, Outcome, Pod, Probe, Protocol
from pytest_k8snet.probe.patience import Patience
from pytest_k8snet.probe.questions import reach
from pytest_k8snet.probing import Probing

HEADERS = {Family.IPV4: 20 + 8, Family.IPV6: 40 + 8}
SMALLEST = {Family.IPV4: 576, Family.IPV6: 1280}
"""What every host and every link takes (RFC 791, RFC 8200)."""

WAIT = Patience(timeout=0.5, attempts=2)
ASK_AGAIN = Patience(timeout=1.1, attempts=3)
"""For the size at which packets vanish: a router may owe an answer for a second."""


class End(enum.StrEnum):
    """What becomes of a packet that is longer than the path's MTU."""

    INTERFACE = "the sender itself sends no longer one (EMSGSIZE)"
    TOLD = "answered with Packet Too Big"
    SWALLOWED = "swallowed: no answer, a black hole"
    LEFT_OUT = "a byte more arrives now and then"


@dataclass(frozen=True, slots=True)
class PathMtu:
    """One way from pod to pod. ``mtu`` is the longest IP packet in bytes that arrives, 0 when not even the smallest
    does; ``interface`` is the MTU of the sender; ``reporter`` is who answered that it was too big.
    """

    source: Pod
    target: Pod
    family: Family
    interface: int
    mtu: int
    end: End
    reporter: str = ""

    @property
    def name(self) -> str:
        """The way in a few words."""
        return f"{self.source.name} -> {self.target.name}"

    def __str__(self) -> str:
        nodes = f"{self.source.node} -> {self.target.node}"
        by = f" ({self.reporter})" if self.reporter else ""
        longest = f"packets of up to {self.mtu} bytes arrive" if self.mtu else "not even the smallest packets arrive"
        return f"{self.name} ({nodes}), MTU of the sender {self.interface}: {longest}, longer ones: {self.end}{by}"


Pair = tuple[Pod, Pod]


def working_pairs(cluster: Cluster, probe: Probing, family: Family) -> list[Pair]:
    """Return the pairs of the fleet's pods whose nodes' pods reach each other at all; skips the test without any."""
    pods = {pod.name: pod for pod in cluster.fleet.pods}
    asked = probe.on_working_paths(reach("path MTU", pods.values(), pods.values(), family, (Protocol.UDP,)))
    return [(one.source, pods[one.column]) for one in asked.cells]


def path_mtus(prober: Observer, pairs: Collection[Pair], mtus: Mapping[Pod, int], family: Family) -> list[PathMtu]:
    """Measure the path MTU of each pair (source, target); ``mtus`` are those of the sources' interfaces.

    The pairs must reach each other at all. Raises NoVerdict when a probe could not be made.
    """
    searches = {pair: Search(min(SMALLEST[family], mtus[pair[0]]), mtus[pair[0]] + 1) for pair in pairs}
    while tried := {_probe(pair, family, size): pair for pair, one in searches.items() for size in one.sizes()}:
        for probe, seen in _observe(prober, tried, WAIT).items():
            size = probe.size + HEADERS[family]
            searches[tried[probe]].learn(size, arrived=seen.outcome is Outcome.CONNECTED)
    narrower = {pair: one.arrives for pair, one in searches.items() if one.arrives < mtus[pair[0]]}
    longer = {_probe(pair, family, arrives + 1): pair for pair, arrives in narrower.items()}
    beyond = {longer[probe]: seen for probe, seen in _observe(prober, longer, ASK_AGAIN).items()}
    return [_path(pair, family, mtus[pair[0]], one.arrives, beyond.get(pair)) for pair, one in searches.items()]


def _probe(pair: Pair, family: Family, size: int) -> Probe:
    source, target = pair
    payload = max(size - HEADERS[family], 1)
    return Probe(
        source,
        target.address(family),
        target.port,
        Protocol.UDP,
        f"{target.name} {size} B",
        payload,
        dont_fragment=True,
        target_node=target.node,
        one_way=True,
    )


def _observe(prober: Observer, probes: Collection[Probe], patience: Patience) -> dict[Probe, Observation]:
    seen = prober.observe(probes, patience)
    for probe, observation in seen.items():
        if observation.outcome is Outcome.PROBE_ERROR:
            raise NoVerdict(f"{probe.source.name} could not send a packet of its path's MTU: {observation.detail}")
    return seen


def _path(pair: Pair, family: Family, interface: int, mtu: int, longer: Observation | None) -> PathMtu:
    if longer is None:
        return PathMtu(*pair, family, interface, mtu, End.INTERFACE)
    if longer.outcome is Outcome.CONNECTED:
        end = End.LEFT_OUT
    elif longer.outcome is not Outcome.UNREACHABLE:
        end = End.SWALLOWED
    else:
        end = End.TOLD
    return PathMtu(*pair, family, interface, mtu, end, longer.replied_from)
