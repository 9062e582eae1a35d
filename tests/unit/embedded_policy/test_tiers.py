"""The rules that are made of cluster-wide policies, held against the oracle, which knows nothing of them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_k8snet.embedded.policy.compiler import Compiler
from pytest_k8snet.embedded.policy.world import Machine, NamedPort, Pod, World, machine
from pytest_k8snet.oracle import policy_world as oracle
from pytest_k8snet.oracle.cluster_policy import judge_tiers
from tests.unit.embedded_policy.packets import Flow, Nodes
from tests.unit.oracle.policy_examples import NAMESPACES
from tests.unit.oracle.policy_strategies import WORLDS, ordinary
from tests.unit.oracle.tier_strategies import RANKED

PARTIES = {version: [party for party in ordinary(version) if party.namespace] for version in (4, 6)}
ASKED = list(itertools.product(("TCP", "UDP", "SCTP"), (80, 81)))
EVERYBODY = {"namespaces": {}}
NODES = ("n1", "n2", "n3")


def connected(four: oracle.Party, six: oracle.Party) -> Pod:
    ports = tuple(NamedPort(port.name, port.protocol.lower(), port.number) for port in four.ports)
    device = f"veth-{four.namespace}-{four.name}"
    return Pod(four.namespace, four.labels, (four.address, six.address), ports, (device,), four.node)


PODS = tuple(connected(four, six) for four, six in zip(PARTIES[4], PARTIES[6], strict=True))


def enforced(policies: list[Any], namespaced: tuple[Any, ...] = (), machines: tuple[Machine, ...] = ()) -> World:
    return World(namespaced, PODS, NAMESPACES, cluster_policies=tuple(policies), machines=machines)


def policy(tier: str, priority: int, **rules: Any) -> dict[str, Any]:
    spec = {"tier": tier, "priority": priority, "subject": EVERYBODY} | rules
    return {"kind": "ClusterNetworkPolicy", "metadata": {"name": f"p{priority}"}, "spec": spec}


def deny(direction: str, *peers: Any, action: str = "Deny") -> dict[str, Any]:
    return {direction: [{"action": action, "from" if direction == "ingress" else "to": list(peers) or [EVERYBODY]}]}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WORLDS, RANKED, st.sampled_from([4, 6]))
def test_the_rules_do_what_the_oracle_says(world: oracle.World, policies: list[Any], version: int) -> None:
    nodes = Nodes(enforced(policies, tuple(world.policies)))
    ends = zip(PODS, PARTIES[version], strict=True)
    for (source, one), (target, other) in itertools.permutations(ends, 2):
        for protocol, port in ASKED:
            flow = Flow(source, target, version, protocol.lower(), port)
            said = judge_tiers(world, policies, oracle.Connection(one, other, protocol, port))
            assert nodes.pass_(flow) == (said.verdict == "allowed"), (flow, said.because)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WORLDS, RANKED, RANKED, st.randoms(), st.booleans())
def test_what_was_made_for_a_former_world_changes_nothing(
    world: oracle.World, one: list[Any], two: list[Any], random: Any, moved: bool
) -> None:
    machines = (Machine({}, ("172.18.0.1",)),) * moved
    first = enforced(one, tuple(world.policies))
    second = enforced([*two, *(kept for kept in one if random.random() < 0.7)], first.policies[1:], machines)
    former = Compiler(first)
    for node in NODES:
        former.content(node)
    following = Compiler(second, former)
    alone = Compiler(second)
    assert [following.content(node) for node in NODES] == [alone.content(node) for node in NODES]


def test_an_entry_of_v1alpha2_without_a_port_is_every_port_of_its_protocol() -> None:
    udp = policy("Admin", 1, ingress=[{"action": "Deny", "from": [EVERYBODY], "protocols": [{"udp": {}}]}])
    nodes = Nodes(enforced([udp]))
    assert [nodes.pass_(Flow(PODS[0], PODS[2], 4, protocol, 9)) for protocol in ("tcp", "udp")] == [True, False]


@pytest.mark.parametrize(("selector", "reached"), [({}, [False, False]), ({"matchLabels": {"a": "b"}}, [False, True])])
def test_nodes_are_peers_by_their_labels(selector: Any, reached: list[bool]) -> None:
    machines = (Machine({"a": "b"}, ("172.18.0.1", "fd01::1")), Machine({}, ("172.18.0.2", "fd01::2")))
    nodes = Nodes(enforced([policy("Admin", 1, **deny("egress", {"nodes": selector}))], machines=machines))
    for family, version in ((0, 4), (1, 6)):
        asked = [Flow(PODS[0], each.addresses[family], version, "tcp", 80) for each in machines]
        assert [nodes.pass_(flow) for flow in asked] == reached


def test_a_node_is_a_peer_at_the_addresses_of_its_status() -> None:
    addresses = [
        {"type": "Hostname", "address": "node-1"},
        {"type": "InternalIP", "address": "172.18.0.1"},
        {"type": "ExternalIP", "address": "192.0.2.1"},
    ]
    node = {"metadata": {"name": "node-1", "labels": {"a": "b"}}, "status": {"addresses": addresses}}
    assert machine(node) == Machine({"a": "b"}, ("172.18.0.1", "192.0.2.1"))


def test_pods_under_the_same_tiers_share_their_chains() -> None:
    namespaced = ({"metadata": {"namespace": "x", "name": "n"}, "spec": {"podSelector": {}, "ingress": [{}]}},)
    passing = policy("Admin", 1, **deny("ingress", action="Pass"))
    world = enforced([passing, policy("Baseline", 1, **deny("ingress"))], namespaced)
    everywhere = [Compiler(world).content(node) for node in {pod.node for pod in PODS}]
    chains = {name: rules for content in everywhere for name, rules in content.chains.items()}
    assert len(chains) == 4  # one that goes on to a NetworkPolicy, one that goes on to the baseline, and these two
    assert sum(rules[-1].startswith("goto ") for rules in chains.values()) == 2


def test_a_policy_without_rules_for_a_direction_changes_nothing_in_it() -> None:
    content = Compiler(enforced([policy("Admin", 1, **deny("egress"))])).content(PODS[0].node)
    assert {name for name, _ in content.elements if name in ("ingress", "egress")} == {"egress"}
