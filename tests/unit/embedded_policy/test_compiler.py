"""The rules that are made of NetworkPolicies, held against what NetworkPolicy promises."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_k8snet.embedded.policy.compiler import Compiler
from pytest_k8snet.embedded.policy.matches import ports_of
from pytest_k8snet.embedded.policy.world import NamedPort, Pod, World
from tests.unit.embedded_policy.packets import Flow, Nodes, Packet, passes
from tests.unit.embedded_policy.promise import allowed

NAMESPACES = {name: {"kubernetes.io/metadata.name": name, "team": name} for name in ("x", "y")}
OUTSIDE = {4: "10.200.0.201", 6: "fd00:200::201"}


def pod(number: int, namespace: str, labels: dict[str, str], web: int = 80) -> Pod:
    """A pod on one of two nodes; its port "web" has any number that the test likes."""
    return Pod(
        namespace,
        labels,
        (f"10.244.1.{number}", f"fd00:10:244:1::{number}"),
        (NamedPort("web", "tcp", web), NamedPort("web", "udp", 81), NamedPort("dns", "udp", 53)),
        (f"veth{number}",),
        f"node-{number % 2}",
    )


PODS = (
    pod(1, "x", {"app": "a", "tier": "front"}),
    pod(2, "x", {"app": "b"}),
    pod(3, "x", {"app": "b", "tier": "back"}, web=81),
    pod(4, "y", {"app": "a"}),
    pod(5, "y", {}, web=90),
)

labels = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["a", "b", "front"]), max_size=2)
expressions = st.one_of(
    st.builds(
        lambda key, operator, values: {"key": key, "operator": operator, "values": values},
        st.sampled_from(["app", "tier", "team"]),
        st.sampled_from(["In", "NotIn"]),
        st.lists(st.sampled_from(["a", "b", "x", "front"]), min_size=1, max_size=2),
    ),
    st.builds(
        lambda key, operator: {"key": key, "operator": operator},
        st.sampled_from(["app", "tier"]),
        st.sampled_from(["Exists", "DoesNotExist"]),
    ),
)
selectors = st.one_of(
    st.just({}),
    st.builds(lambda chosen: {"matchLabels": chosen}, labels),
    st.builds(lambda chosen: {"matchExpressions": chosen}, st.lists(expressions, min_size=1, max_size=2)),
)
blocks = st.sampled_from(
    [
        {"cidr": "0.0.0.0/0"},
        {"cidr": "::/0", "except": ["fd00:10:244:1::2/127", "fd00:10:244:1::3/128"]},
        {"cidr": "10.244.1.0/24", "except": ["10.244.1.0/30"]},
        {"cidr": "10.244.1.0/29", "except": ["10.244.1.2/32", "10.244.1.3/32", "10.244.1.2/31"]},
        {"cidr": "10.200.0.0/24"},
        {"cidr": "fd00:200::201/128"},
    ]
)
peers = st.one_of(
    st.builds(lambda block: {"ipBlock": block}, blocks),
    st.builds(lambda chosen: {"podSelector": chosen}, selectors),
    st.builds(lambda chosen: {"namespaceSelector": chosen}, selectors),
    st.builds(lambda one, two: {"namespaceSelector": one, "podSelector": two}, selectors, selectors),
)
ports = st.one_of(
    st.sampled_from([{"port": 80}, {"port": "web"}, {"protocol": "SCTP"}, {"port": 79, "endPort": 81}]),
    st.builds(
        lambda protocol, port: {"protocol": protocol, "port": port},
        st.sampled_from(["TCP", "UDP", "SCTP"]),
        st.sampled_from([80, 81, "web", "dns", "nobody"]),
    ),
)


def rules(direction: str) -> st.SearchStrategy[dict[str, Any]]:
    side = "from" if direction == "ingress" else "to"
    return st.fixed_dictionaries({}, optional={side: st.lists(peers, max_size=2), "ports": st.lists(ports, max_size=3)})


specs = st.fixed_dictionaries(
    {"podSelector": selectors},
    optional={
        "policyTypes": st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"], []]),
        "ingress": st.lists(rules("ingress"), max_size=2),
        "egress": st.lists(rules("egress"), max_size=2),
    },
)
policies = st.builds(
    lambda namespace, spec: {"metadata": {"name": "p", "namespace": namespace}, "spec": spec},
    st.sampled_from(sorted(NAMESPACES)),
    specs,
)
worlds = st.builds(lambda chosen: World(tuple(chosen), PODS, NAMESPACES), st.lists(policies, max_size=4))

FLOWS = [
    Flow(source, target, version, protocol, port)
    for version in (4, 6)
    for source, target in product((*PODS, OUTSIDE[version]), repeat=2)
    for protocol, port in product(("tcp", "udp", "sctp"), (53, 80, 81, 90))
]


def some_flows(count: int = 60) -> st.SearchStrategy[list[Flow]]:
    return st.lists(st.sampled_from(FLOWS), min_size=count, max_size=count)


def world(*specs: dict[str, Any], pods: tuple[Pod, ...] = PODS) -> World:
    """The pods under policies of the namespace x."""
    return World(tuple({"metadata": {"name": "p", "namespace": "x"}, "spec": spec} for spec in specs), pods, NAMESPACES)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds, some_flows())
def test_the_rules_do_what_the_policies_promise(made: World, flows: list[Flow]) -> None:
    nodes = Nodes(made)
    assert [nodes.pass_(flow) for flow in flows] == [allowed(made, flow) for flow in flows]


@pytest.mark.parametrize(
    "spec",
    [
        {"ingress": [{"ports": [{"port": "web"}]}]},
        {"egress": [{"ports": [{"port": "web"}]}]},
        {"egress": [{"to": [{"podSelector": {}}], "ports": [{"port": "web"}, {"port": "dns", "protocol": "UDP"}]}]},
        {"egress": [{"to": [{"ipBlock": {"cidr": "10.244.1.0/30"}}], "ports": [{"port": "web"}, {"port": 53}]}]},
        {"ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.244.1.4/32"]}}]}]},
        {"ingress": [{"from": [{"ipBlock": {"cidr": "fd00::/16", "except": ["fd00:10:244:1::4/127"]}}]}]},
        {"ingress": [{"ports": [{"port": 80, "endPort": 85}, {"port": 81}, {"port": 79, "endPort": 80}]}]},
        {"ingress": [{"from": [{"namespaceSelector": {}}]}]},
        {"ingress": [{"from": [{"podSelector": {}}, {"namespaceSelector": {"matchLabels": {"team": "y"}}}]}]},
        {"egress": [], "policyTypes": ["Egress"]},
        {"egress": [{}]},
    ],
    ids=str,
)
def test_every_connection_is_judged_as_promised(spec: dict[str, Any]) -> None:
    made = world({"podSelector": {"matchLabels": {"app": "b"}}, **spec})
    nodes = Nodes(made)
    assert [flow for flow in FLOWS if nodes.pass_(flow) != allowed(made, flow)] == []


@given(st.lists(ports, min_size=1))
def test_the_intervals_of_a_rule_do_not_touch(chosen: list[dict[str, Any]]) -> None:
    """nftables refuses a set whose intervals overlap."""
    for condition in ports_of({"ports": chosen}).conditions(PODS[0].ports):
        numbers = [list(map(int, part.split("-"))) for part in re.findall(r"[\d-]+", condition.partition("{")[2])]
        assert all(one[-1] + 1 < two[0] for one, two in pairwise(numbers))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds, st.data(), some_flows())
def test_one_more_allow_rule_never_ends_a_connection(made: World, data: st.DataObject, flows: list[Flow]) -> None:
    if not made.policies:
        return
    chosen = data.draw(st.integers(0, len(made.policies) - 1))
    direction = data.draw(st.sampled_from(["ingress", "egress"]))
    old = made.policies[chosen]
    spec = old["spec"]
    # An egress rule also says that the policy is about egress, unless it says itself what it is about.
    types = spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
    more = {**spec, "policyTypes": types, direction: [*spec.get(direction, []), data.draw(rules(direction))]}
    extended = World(
        tuple({**old, "spec": more} if number == chosen else one for number, one in enumerate(made.policies)),
        PODS,
        NAMESPACES,
    )
    before, after = Nodes(made), Nodes(extended)
    assert [flow for flow in flows if before.pass_(flow) and not after.pass_(flow)] == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds, st.randoms())
def test_the_order_of_policies_does_not_matter(made: World, random: Any) -> None:
    shuffled = list(made.policies)
    random.shuffle(shuffled)
    other = World(tuple(shuffled), PODS, NAMESPACES)
    assert [Compiler(made).content(f"node-{n}") for n in (0, 1)] == [
        Compiler(other).content(f"node-{n}") for n in (0, 1)
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds, worlds, st.randoms(), st.booleans())
def test_what_was_made_for_a_former_world_changes_nothing(one: World, two: World, random: Any, moved: bool) -> None:
    kept = [policy for policy in one.policies if random.random() < 0.7]
    pods = PODS[1:] if moved else PODS
    changed = World((*two.policies, *kept), pods, NAMESPACES)
    former = Compiler(one)
    for compiler in (former, following := Compiler(changed, former)):
        for n in (0, 1):
            compiler.content(f"node-{n}")
    again = World(one.policies, pods, NAMESPACES)
    for made, world_now in ((following, changed), (Compiler(again, following), again)):
        alone = Compiler(world_now)
        assert [made.content(f"node-{n}") for n in (0, 1)] == [alone.content(f"node-{n}") for n in (0, 1)]


def test_without_policies_nothing_is_in_the_table() -> None:
    content = Compiler(world()).content("node-1")
    assert (content.sets, content.chains, content.elements) == ({}, {}, {})


def test_answers_and_icmp_errors_pass_whatever_the_policies_say() -> None:
    content = Compiler(world({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})).content("node-1")
    packet = Packet("veth1", "eth0", "10.244.1.1", "10.200.0.201")
    assert not passes(content, packet)
    assert passes(content, replace(packet, reply=True))
    assert passes(content, replace(packet, related=True, protocol="icmp"))


def test_a_pod_that_comes_back_to_itself_through_a_service_is_let_in() -> None:
    content = Compiler(world({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})).content("node-1")
    assert passes(content, Packet("veth1", "veth1", "10.244.1.1", "10.244.1.1"))


@pytest.mark.parametrize(
    ("rule", "through"),
    [({}, True), ({"from": []}, True), ({"ports": []}, True), ({"ports": [{"port": 80}]}, False)],
    ids=["empty rule", "empty peers", "empty ports", "a port"],
)
def test_a_rule_without_ports_allows_protocols_without_ports(rule: dict[str, Any], through: bool) -> None:
    content = Compiler(world({"podSelector": {}, "ingress": [rule]})).content("node-1")
    ping = Packet("eth0", "veth1", "10.200.0.201", "10.244.1.1", protocol="icmp", dport=0)
    assert passes(content, ping) is through


def test_pods_with_the_same_rules_share_a_chain() -> None:
    many = tuple(pod(2 * number + 1, "x", {}) for number in range(20))
    content = Compiler(world({"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}, pods=many)).content(
        "node-1"
    )
    assert len(content.chains) == 1
    assert sum(1 for name, _ in content.elements if name == "ingress") == 20


def test_a_pod_that_a_fault_exempts_is_still_a_peer() -> None:
    exempt = Pod("x", {"app": "z"}, ("10.244.1.9",), devices=("veth9",), node="node-1", shielded=False)
    spec = {"podSelector": {}, "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "z"}}}]}]}
    content = Compiler(world(spec, pods=(*PODS, exempt))).content("node-1")
    assert passes(content, Packet("eth0", "veth9", "10.200.0.201", "10.244.1.9"))
    assert passes(content, Packet("veth9", "veth1", "10.244.1.9", "10.244.1.1"))
    assert not passes(content, Packet("eth0", "veth1", "10.200.0.201", "10.244.1.1"))
