"""Packets up to the MTU pass, larger ones are answered: no black hole on any path between pods."""

from __future__ import annotations

from conformance_suites.clauses import NETWORK_MODEL, PATH_MTU_DISCOVERY
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.probe.observation import Family, Protocol
from pytest_k8snet.probe.questions import arrives_or_is_answered, other_pod, reach, too_long
from pytest_k8snet.probing import Probing
from pytest_k8snet.state import Fleet

BULK = 300_000


@each_family
@check("MODEL-030", spec=PATH_MTU_DISCOVERY, level="core", catches=("wrong-mtu", "node-mtu-of-one-node"))
def test_a_packet_of_the_full_mtu_passes(cluster: Cluster, fleet: Fleet, probe: Probing, family: Family) -> None:
    """A UDP packet of the pods' MTU with DF arrives, or a narrower path says so: it is never swallowed."""
    size = cluster.largest_datagram(family)
    title = f"datagrams of {size} bytes with DF"
    expected = arrives_or_is_answered(title, fleet.pods, fleet.pods, family, size)
    expected = probe.on_working_paths(expected)
    assert probe(expected) == expected


@each_family
@check("MODEL-031", spec=PATH_MTU_DISCOVERY, level="extended", catches=("too-long-swallowed", "jumbo-black-hole"))
def test_a_packet_that_is_too_long_is_answered(cluster: Cluster, fleet: Fleet, probe: Probing, family: Family) -> None:
    """A packet with DF that is larger than the MTU is answered "message too long", never swallowed."""
    size = cluster.largest_datagram(family) + 100
    expected = too_long("datagrams that are too long", fleet.pods, fleet.pods, family, size, which=other_pod)
    expected = probe.on_working_paths(expected)
    assert probe(expected) == expected


@each_family
@check(
    "MODEL-032",
    spec=NETWORK_MODEL,
    level="extended",
    catches=("fragments-dropped", "node-mtu-of-one-node", "jumbo-black-hole"),
)
def test_a_datagram_in_fragments_arrives_whole(cluster: Cluster, fleet: Fleet, probe: Probing, family: Family) -> None:
    """A datagram larger than the MTU, without DF, arrives in fragments and whole."""
    size = 2 * cluster.mtu
    expected = reach("datagrams in fragments", fleet.pods, fleet.pods, family, (Protocol.UDP,), size=size)
    expected = probe.on_working_paths(expected)
    assert probe(expected) == expected


@each_family
@check("MODEL-033", spec=NETWORK_MODEL, level="core", catches=("wrong-mtu", "jumbo-black-hole"))
def test_a_long_stream_arrives_whole(fleet: Fleet, probe: Probing, family: Family) -> None:
    """A TCP stream of many full segments arrives whole, in both directions."""
    expected = reach("long streams", fleet.pods, fleet.pods, family, (Protocol.TCP,), size=BULK)
    expected = probe.on_working_paths(expected)
    assert probe(expected) == expected
