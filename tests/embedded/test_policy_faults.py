"""Each fault of NetworkPolicy changes one verdict, nothing beside it, and leaves no trace."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tests.embedded.conftest import Object, Space, addresses
from tests.embedded.policy_pods import DENY, DROPPED, app, fault, out_of, policies, reached, settled, start_servers, to

REFUSED = "ConnectionRefusedError"


@dataclass(frozen=True)
class Ask:
    """What one pod asks another, at both addresses."""

    source: str
    target: str
    port: int = 8080
    protocol: str = "tcp"

    def seen(self, space: Space) -> list[str]:
        return reached(space, self.source, self.target, self.port, self.protocol)


@dataclass(frozen=True)
class Effect:
    """What a fault changes under some policies: answers that are others with it, and answers that stay."""

    fault: str
    specs: Callable[[Space], list[Object]]
    changed: dict[Ask, tuple[str, str]]
    kept: dict[Ask, str] = field(default_factory=dict)
    direction: str = ""

    def answers(self, *, with_fault: bool) -> dict[Ask, list[str]]:
        changed = {ask: answers[with_fault] for ask, answers in self.changed.items()}
        return {ask: [answer] * 2 for ask, answer in {**changed, **self.kept}.items()}


def pods_but(space: Space, *names: str) -> list[Object]:
    """Peers: the addresses of all pods without those of some."""
    four, six = zip(*(addresses(space.get(name)) for name in names), strict=True)
    return [
        {"ipBlock": {"cidr": "10.244.0.0/16", "except": [f"{address}/32" for address in four]}},
        {"ipBlock": {"cidr": "fd00:10:244::/48", "except": [f"{address}/128" for address in six]}},
    ]


def one_of(name: str, namespace_labels: dict[str, str]) -> Object:
    return {"namespaceSelector": {"matchLabels": namespace_labels}, "podSelector": app(name)}


def lacking(key: str, value: str) -> Object:
    return {"podSelector": {"matchExpressions": [{"key": key, "operator": "NotIn", "values": [value]}]}}


EFFECTS = [
    Effect("policy-ignored", lambda pods: [DENY], {Ask("b", "a"): (DROPPED, "a"), Ask("a", "c"): (DROPPED, "c")}),
    Effect(
        "policy-ingress-only",
        lambda pods: [out_of("b"), to("c")],
        {Ask("b", "a"): (DROPPED, "a")},
        {Ask("a", "c"): DROPPED, Ask("c", "a"): "a"},
    ),
    Effect(
        "policy-egress-only",
        lambda pods: [out_of("b"), to("c")],
        {Ask("a", "c"): (DROPPED, "c")},
        {Ask("b", "a"): DROPPED, Ask("c", "a"): "a"},
    ),
    Effect(
        "policy-udp-unenforced",
        lambda pods: [to("a"), out_of("c")],
        {Ask("b", "a", protocol="udp"): (DROPPED, "a"), Ask("c", "b", protocol="udp"): (DROPPED, "b")},
        {Ask("b", "a"): DROPPED, Ask("c", "b"): DROPPED},
    ),
    Effect(
        "policy-same-node-bypass",
        lambda pods: [DENY],
        {Ask("b", "a"): (DROPPED, "a"), Ask("c", "other", 8090): (DROPPED, "other")},
        {Ask("c", "a"): DROPPED, Ask("a", "c"): DROPPED, Ask("host", "c"): DROPPED},
    ),
    Effect(
        "policy-except-ignored",
        lambda pods: [to("a", {"from": pods_but(pods, "b")}), out_of("c", {"to": pods_but(pods, "b")}), to("other")],
        {Ask("b", "a"): (DROPPED, "a"), Ask("c", "b"): (DROPPED, "b")},
        {Ask("c", "a"): "a", Ask("host", "other", 8090): DROPPED, Ask("a", "other", 8090): DROPPED},
    ),
    Effect(
        "policy-except-denies",
        lambda pods: [
            to("a", {"from": pods_but(pods, "b", "c")}, {"from": [{"podSelector": app("b")}]}),
            out_of("b", {"to": pods_but(pods, "c")}),
            out_of("b", {"to": [{"podSelector": app("c")}]}),
        ],
        {Ask("b", "a"): ("a", DROPPED), Ask("b", "c"): ("c", DROPPED)},
        {Ask("other", "a"): "a", Ask("c", "a"): DROPPED, Ask("b", "other", 8090): "other", Ask("a", "c"): "c"},
    ),
    Effect(
        "policy-endport-ignored",
        lambda pods: [to("a", {"ports": [{"port": 8079, "endPort": 8081}, {"port": 8085}]})],
        {Ask("c", "a"): ("a", DROPPED), Ask("c", "a", 8081): (REFUSED, DROPPED)},
        {Ask("c", "a", 8079): REFUSED, Ask("c", "a", 8085): REFUSED, Ask("c", "a", 8082): DROPPED},
    ),
    Effect(
        "policy-named-port-of-first-pod",
        lambda pods: [{"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": "web"}]}]}],
        {Ask("a", "other", 8090): ("other", DROPPED), Ask("a", "other", 8080): (DROPPED, REFUSED)},
        {Ask("b", "a"): "a", Ask("a", "c"): "c", Ask("b", "a", 8090): DROPPED},
        "ingress",
    ),
    Effect(
        "policy-named-port-of-first-pod",
        lambda pods: [out_of("a", {"ports": [{"port": "web"}]})],
        {Ask("a", "other", 8090): ("other", DROPPED), Ask("a", "other", 8080): (DROPPED, REFUSED)},
        {Ask("a", "c"): "c", Ask("a", "c", 8090): DROPPED, Ask("b", "other", 8090): "other"},
        "egress",
    ),
    Effect(
        "policy-peer-selectors-ored",
        lambda pods: [
            to("a", {"from": [one_of("c", {"kubernetes.io/metadata.name": pods.name})]}),
            to("c", {"from": [one_of("b", {"no": "such"})]}),
            to("other", {"from": [{"podSelector": app("b")}]}),
        ],
        {Ask("b", "a"): (DROPPED, "a"), Ask("b", "c"): (DROPPED, "c")},
        {
            Ask("c", "a"): "a",
            Ask("a", "c"): DROPPED,
            Ask("b", "other", 8090): "other",
            Ask("a", "other", 8090): DROPPED,
        },
    ),
    Effect(
        "policy-sctp-as-tcp",
        lambda pods: [to("a", {"ports": [{"protocol": "SCTP", "port": 8080}, {"protocol": "UDP", "port": 8080}]})],
        {Ask("c", "a"): (DROPPED, "a")},
        {Ask("c", "a", protocol="udp"): "a", Ask("c", "a", 8081): DROPPED},
    ),
    Effect(
        "policy-any-protocol",
        lambda pods: [to("a", {"ports": [{"port": 8080}]}), to("b", {"ports": [{"port": "web"}]})],
        {Ask("c", "a", protocol="udp"): (DROPPED, "a"), Ask("c", "b", protocol="udp"): (DROPPED, "b")},
        {Ask("c", "a"): "a", Ask("c", "b"): "b", Ask("c", "a", 8081): DROPPED, Ask("c", "a", 8081, "udp"): DROPPED},
    ),
    Effect(
        "policy-empty-selector-selects-none",
        lambda pods: [
            {"podSelector": {}, "policyTypes": ["Ingress"]},
            to("c", {"from": [{"podSelector": {}}]}),
            to("other", {"from": [{"podSelector": app("a")}]}),
        ],
        {Ask("b", "a"): (DROPPED, "a"), Ask("a", "c"): ("c", DROPPED)},
        {Ask("a", "other", 8090): "other", Ask("b", "other", 8090): DROPPED},
    ),
    Effect(
        "policy-operators-notin-wrong",
        lambda pods: [to("a", {"from": [lacking("tier", "x")]}), to("c", {"from": [lacking("app", "b")]})],
        {Ask("b", "a"): ("a", DROPPED)},
        {Ask("a", "c"): "c", Ask("b", "c"): DROPPED},
    ),
    Effect(
        "policy-last-one-wins",
        lambda pods: [
            to("a", {"from": [{"podSelector": app("b")}]}),
            to("a", {"from": [{"podSelector": app("c")}]}),
            to("c", {"from": [{"podSelector": app("a")}]}),
        ],
        {Ask("b", "a"): ("a", DROPPED)},
        {Ask("c", "a"): "a", Ask("other", "a"): DROPPED, Ask("a", "c"): "c", Ask("b", "c"): DROPPED},
    ),
    Effect(
        "policy-first-one-wins",
        lambda pods: [
            to("a", {"from": [{"podSelector": app("b")}]}),
            to("a", {"from": [{"podSelector": app("c")}]}),
            to("c", {"from": [{"podSelector": app("a")}]}),
        ],
        {Ask("c", "a"): ("a", DROPPED)},
        {Ask("b", "a"): "a", Ask("other", "a"): DROPPED, Ask("a", "c"): "c", Ask("b", "c"): DROPPED},
    ),
    Effect(
        "policy-empty-rule-ignored",
        lambda pods: [to("a", {}), to("c", {"from": [{"podSelector": app("b")}]})],
        {Ask("b", "a"): ("a", DROPPED)},
        {Ask("b", "c"): "c", Ask("other", "c"): DROPPED},
    ),
]


@pytest.fixture(scope="module")
def pods(module_space: Space) -> Space:
    return start_servers(module_space)


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: f"{effect.fault} {effect.direction}".strip())
def test_a_fault_changes_one_verdict(pods: Space, effect: Effect) -> None:
    healthy = effect.answers(with_fault=False)
    with policies(pods, *effect.specs(pods)):
        deadline = time.monotonic() + 5
        while (seen := answers(pods, healthy)) != healthy:
            assert time.monotonic() < deadline, seen
        with fault(pods, effect.fault):
            assert answers(pods, healthy) == effect.answers(with_fault=True)
        assert answers(pods, healthy) == healthy


def answers(space: Space, asks: Collection[Ask]) -> dict[Ask, list[str]]:
    """What pods see, asked all at once."""
    with ThreadPoolExecutor(len(asks)) as threads:
        return dict(zip(asks, threads.map(lambda ask: ask.seen(space), asks), strict=True))


def test_with_ipv6_unenforced_only_ipv4_is_dropped(pods: Space) -> None:
    with policies(pods, out_of("b"), to("c")):
        settled(pods, "b", "a", DROPPED)
        with fault(pods, "policy-ipv6-unenforced"):
            assert reached(pods, "b", "a") == [DROPPED, "a"]
            assert reached(pods, "a", "c") == [DROPPED, "c"]
        assert reached(pods, "b", "a") == [DROPPED, DROPPED]


def test_what_goes_to_a_cluster_ip_can_bypass_policies_on_the_node_that_translates_it(pods: Space) -> None:
    services = {name: dual_stack(pods, name) for name in ("b", "c")}

    def asked(target: str) -> list[str]:
        return [pods.ask("a", address, 80).split()[0] for address in services[target]]

    with policies(pods, out_of("a"), to("b")):
        settled(pods, "a", "c", DROPPED)
        settled(pods, "c", "b", DROPPED)
        assert asked("c") == asked("b") == [DROPPED, DROPPED]
        with fault(pods, "policy-clusterip-bypass"):
            assert asked("c") == ["c", "c"]
            assert asked("b") == ["b", "b"]
            assert reached(pods, "a", "c") == [DROPPED, DROPPED]
            assert reached(pods, "c", "b") == [DROPPED, DROPPED]
        assert asked("c") == asked("b") == [DROPPED, DROPPED]


def dual_stack(space: Space, name: str) -> list[str]:
    """Make a Service for a pod; return its ClusterIPs."""
    spec = {"selector": app(name)["matchLabels"], "ports": [{"port": 80, "targetPort": 8080}]}
    whole = {**spec, "ipFamilyPolicy": "RequireDualStack"}
    metadata = {"name": name, "namespace": space.name}
    made = space.api.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": whole})
    return list(made["spec"]["clusterIPs"])


def test_two_faults_at_once_are_restored_one_by_one(pods: Space) -> None:
    with policies(pods, to("a")):
        settled(pods, "c", "a", DROPPED)
        with fault(pods, "policy-udp-unenforced"):
            with fault(pods, "policy-same-node-bypass"):
                assert reached(pods, "b", "a") == ["a", "a"]
                assert reached(pods, "c", "a", protocol="udp") == ["a", "a"]
            assert reached(pods, "b", "a") == [DROPPED, DROPPED]
            assert reached(pods, "c", "a", protocol="udp") == ["a", "a"]
        assert reached(pods, "c", "a", protocol="udp") == [DROPPED, DROPPED]
