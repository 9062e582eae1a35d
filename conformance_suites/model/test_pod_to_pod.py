"""Pods talk to all other pods, on any node, without NAT."""

from __future__ import annotations

from conformance_suites.clauses import NETWORK_MODEL
from conformance_suites.parameters import each_family, each_protocol
from pytest_k8snet.checks import check
from pytest_k8snet.probe.observation import Family, Protocol
from pytest_k8snet.probe.questions import closed_port, other_node, other_pod, reach, same_node
from pytest_k8snet.probing import Probing
from pytest_k8snet.state import Fleet

CLOSED = 9
TCP_UDP = (Protocol.TCP, Protocol.UDP)


@each_family
@each_protocol
@check(
    "MODEL-010",
    spec=NETWORK_MODEL,
    level="core",
    catches=(
        "same-node-dropped",
        "udp-dropped",
        "sctp-dropped",
        "icmp-dropped",
        "ipv6-dropped",
        "reply-from-another-address",
    ),
)
def test_pods_of_one_node_reach_each_other(fleet: Fleet, probe: Probing, family: Family, protocol: Protocol) -> None:
    """Pods on one node reach each other."""
    expected = reach("pods on one node", fleet.pods, fleet.pods, family, (protocol,), which=same_node)
    assert probe(expected) == expected


@each_family
@each_protocol
@check(
    "MODEL-011",
    spec=NETWORK_MODEL,
    level="core",
    requires=("two_nodes",),
    catches=(
        "missing-route",
        "one-direction-dropped",
        "udp-dropped",
        "sctp-dropped",
        "icmp-dropped",
        "ipv6-dropped",
        "reply-from-another-address",
    ),
)
def test_pods_of_different_nodes_reach_each_other(
    fleet: Fleet, probe: Probing, family: Family, protocol: Protocol
) -> None:
    """Pods on different nodes reach each other, in both directions."""
    expected = reach("pods on different nodes", fleet.pods, fleet.pods, family, (protocol,), which=other_node)
    assert probe(expected) == expected


@each_family
@check(
    "MODEL-012",
    spec=NETWORK_MODEL,
    level="core",
    catches=(
        "same-node-dropped",
        "missing-route",
        "one-direction-dropped",
        "udp-dropped",
        "ipv6-dropped",
        "reply-from-another-address",
    ),
)
def test_every_pod_reaches_every_pod(fleet: Fleet, probe: Probing, family: Family) -> None:
    """The whole mesh at once, as real workloads use it: every pod to every pod, TCP and UDP."""
    expected = reach("mesh", fleet.pods, fleet.pods, family, TCP_UDP, which=other_pod)
    assert probe(expected) == expected


@each_family
@check("MODEL-014", spec=NETWORK_MODEL, level="core", catches=("snat-on-node",))
def test_the_source_is_unchanged_on_one_node(fleet: Fleet, probe: Probing, family: Family) -> None:
    """Between pods on one node there is no NAT: the server sees the client's own address."""
    expected = reach(
        "source on one node", fleet.pods, fleet.pods, family, TCP_UDP, which=same_node, unchanged_source=True
    )
    expected = probe.on_working_paths(expected)
    assert probe(expected) == expected


@each_family
@check("MODEL-015", spec=NETWORK_MODEL, level="core", requires=("two_nodes",), catches=("snat-between-nodes",))
def test_the_source_is_unchanged_between_nodes(fleet: Fleet, probe: Probing, family: Family) -> None:
    """Between pods on different nodes there is no NAT: the server sees the client's own address."""
    expected = reach(
        "source between nodes", fleet.pods, fleet.pods, family, TCP_UDP, which=other_node, unchanged_source=True
    )
    expected = probe.on_working_paths(expected)
    assert probe(expected) == expected


@each_family
@check("MODEL-013", spec=NETWORK_MODEL, level="core", catches=("hidden-proxy-answers",))
def test_a_closed_port_is_refused_by_the_pod_itself(fleet: Fleet, probe: Probing, family: Family) -> None:
    """A port on which nobody listens is refused: nothing on the way answers in the pod's place."""
    expected = closed_port("closed port", fleet.pods, family, CLOSED, which=other_pod)
    expected = probe.on_working_paths(expected)
    assert probe(expected) == expected
