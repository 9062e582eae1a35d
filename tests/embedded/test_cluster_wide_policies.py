"""Cluster-wide policies hold for real packets, and each fault of them changes one verdict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tests.embedded.conftest import Object, Space
from tests.embedded.policy_pods import DROPPED, app, fault, policies, reached, settled, start_servers, to

NEW, OLD = "v1alpha2", "v1alpha1"


@pytest.fixture(scope="module")
def pods(module_space: Space) -> Space:
    return start_servers(module_space)


def only(space: Space, name: str) -> Object:
    """A subject or a peer: one pod of the namespace of the test."""
    where = {"matchLabels": {"kubernetes.io/metadata.name": space.name}}
    return {"pods": {"namespaceSelector": where, "podSelector": app(name)}}


def rule(action: str, *peers: Object, **more: Any) -> Object:
    return {"action": action, "from": list(peers), **more}


@contextmanager
def cluster_policy(space: Space, kind: str, version: str, name: str, **spec: Any) -> Iterator[None]:
    """A cluster-wide policy for a while."""
    api_version = f"policy.networking.k8s.io/{version}"
    space.api.apply({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec})
    try:
        yield
    finally:
        space.api.delete(api_version, kind, name)


def tier(space: Space, name: str, priority: int = 10, subject: str = "a", name_of: str = "", **rules: Any) -> Any:
    """A ClusterNetworkPolicy about one pod."""
    facts = {"tier": name, "priority": priority, "subject": only(space, subject)}
    return cluster_policy(space, "ClusterNetworkPolicy", NEW, name_of or f"{name.lower()}-{priority}", **facts, **rules)


def test_the_tiers_decide_one_after_the_other(pods: Space) -> None:
    b, c = only(pods, "b"), only(pods, "c")
    with tier(pods, "Baseline", ingress=[rule("Deny", b, c)]):
        settled(pods, "b", "a", DROPPED)
        with policies(pods, to("a", {"from": [{"podSelector": app("b")}]})):
            settled(pods, "b", "a", "a")
            assert reached(pods, "c", "a") == [DROPPED, DROPPED]
            with tier(pods, "Admin", ingress=[rule("Deny", b), rule("Accept", c)]):
                settled(pods, "b", "a", DROPPED)
                assert reached(pods, "c", "a") == ["a", "a"]
                assert reached(pods, "a", "b") == ["b", "b"], "what the pod begins itself is answered"
            settled(pods, "b", "a", "a")
        settled(pods, "b", "a", DROPPED)
    settled(pods, "b", "a", "a")


def test_both_versions_of_the_api_are_enforced_together(pods: Space) -> None:
    subject = only(pods, "a")
    deny = rule("Deny", only(pods, "b"), ports=[{"portNumber": {"port": 8080}}])
    allow = rule("Allow", only(pods, "b"))
    with cluster_policy(pods, "BaselineAdminNetworkPolicy", OLD, "default", subject=subject, ingress=[deny]):
        settled(pods, "b", "a", DROPPED)
        assert reached(pods, "b", "a", protocol="udp") == ["a", "a"]
        with cluster_policy(pods, "AdminNetworkPolicy", OLD, "p", priority=5, subject=subject, ingress=[allow]):
            settled(pods, "b", "a", "a")
            with tier(pods, "Admin", priority=4, ingress=[rule("Deny", only(pods, "b"))]):
                settled(pods, "b", "a", DROPPED)


def test_nodes_and_networks_are_peers_by_their_addresses(pods: Space) -> None:
    nodes = [{"action": "Deny", "to": [{"nodes": {"matchLabels": {"kubernetes.io/hostname": "node-1"}}}]}]
    assert set(reached(pods, "c", "host", port=9100)) == {"node-1"}
    with tier(pods, "Admin", subject="c", egress=nodes):
        settled(pods, "c", "host", DROPPED, port=9100)
        assert reached(pods, "c", "a") == ["a", "a"]
    networks = [{"action": "Deny", "to": [{"networks": ["fd00:10:244::/48", "10.200.0.0/16"]}]}]
    with tier(pods, "Admin", subject="c", egress=networks):
        settled(pods, "c", "a", "a", DROPPED)


def test_a_named_port_is_that_of_the_pod_which_is_reached(pods: Space) -> None:
    web = [{"action": "Deny", "to": [{"namespaces": {}}], "protocols": [{"destinationNamedPort": "web"}]}]
    with tier(pods, "Admin", subject="c", egress=web):
        settled(pods, "c", "a", DROPPED)
        assert reached(pods, "c", "other", port=8090) == [DROPPED, DROPPED]
        assert reached(pods, "c", "a", protocol="udp") == ["a", "a"], "the name is declared for TCP"


@pytest.mark.parametrize("name", ["admin-ignored", "pass-as-accept", "priority-reversed", "baseline-first"])
def test_a_fault_changes_one_verdict(pods: Space, name: str) -> None:
    b, c, other = (only(pods, one) for one in ("b", "c", "other"))
    seen = {"b": DROPPED, "c": DROPPED, "other": "a"}
    changed = {
        # What is under it: other was let in by a NetworkPolicy, b by nobody, and c by the second Admin policy.
        "admin-ignored": {"c": "a"},
        "pass-as-accept": {"b": "a"},
        "priority-reversed": {"c": "a"},
        "baseline-first": {"other": DROPPED},
    }[name]
    with ExitStack() as made:
        made.enter_context(tier(pods, "Admin", 1, ingress=[rule("Pass", b), rule("Deny", c)]))
        made.enter_context(tier(pods, "Admin", 2, ingress=[rule("Accept", c)]))
        made.enter_context(tier(pods, "Baseline", 1, ingress=[rule("Deny", other)]))
        allowed = [{"podSelector": app(one)} for one in ("other", "c")]
        made.enter_context(policies(pods, to("a", {"from": allowed})))
        for source, answer in seen.items():
            settled(pods, source, "a", answer)
        with fault(pods, f"policy-{name}"):
            for source, answer in (seen | changed).items():
                settled(pods, source, "a", answer)
        for source, answer in seen.items():
            settled(pods, source, "a", answer)
