"""The state of an arena: what each change makes of it, and what the oracle is told."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.oracle.policy_world import NamedPort, Verdict
from pytest_k8snet.policy.cases import (
    Action,
    Apply,
    CreateNamespace,
    CreatePod,
    DeleteNamespace,
    DeletePod,
    DeletePolicy,
    LabelNamespace,
    LabelPod,
    RestartPod,
    Route,
    Step,
)
from pytest_k8snet.policy.world import (
    NAMED_PORTS,
    ImpossibleAction,
    State,
    after,
    after_step,
    as_oracle_world,
    judged,
    located,
    party,
    symbolic_arena,
)

ARENA = symbolic_arena()
DENY = {"metadata": {"name": "deny", "namespace": "x"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}


def verdict(state: State, source: str, target: str, route: Route = Route.POD) -> Verdict:
    return judged(state, source, target, "ipv4", "TCP", 80, route).verdict


def test_the_made_up_arena_has_nine_pods_with_addresses_of_their_own_on_three_nodes() -> None:
    addresses = [address for pod in ARENA.pods.values() for address in (*pod.addresses, *pod.service)]
    assert list(ARENA.pods) == [f"{namespace}/{name}" for namespace in "xyz" for name in "abc"]
    assert len(set(addresses)) == len(addresses) == 9 * 4
    assert {pod.node for pod in ARENA.pods.values()} == set(ARENA.nodes)
    assert ARENA.families() == ("ipv4", "ipv6")


def test_a_policy_counts_until_it_is_deleted() -> None:
    denied = after(ARENA, Apply(DENY))
    assert verdict(ARENA, "y/a", "x/a") is Verdict.ALLOWED
    assert verdict(denied, "y/a", "x/a") is Verdict.DENIED
    assert verdict(after(denied, DeletePolicy("x/deny")), "y/a", "x/a") is Verdict.ALLOWED


def test_a_second_policy_of_the_same_name_takes_the_place_of_the_first() -> None:
    allow = DENY | {"spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}}
    state = after_step(ARENA, Step("both", (Apply(DENY), Apply(allow))))
    assert len(state.policies) == 1
    assert verdict(state, "y/a", "x/a") is Verdict.ALLOWED


def test_placeholders_are_filled_in_when_a_policy_is_applied_and_not_later() -> None:
    block = {"ipBlock": {"cidr": "${pod y/b}"}}
    policy = DENY | {"spec": {"podSelector": {}, "ingress": [{"from": [block]}]}}
    state = after(after(after(ARENA, Apply(policy)), DeletePod("y/b")), CreatePod("y/b", {"pod": "b"}))
    state = located(state, "y/b", ("10.9.9.9",), "node-1")
    assert verdict(state, "y/b", "x/a") is Verdict.DENIED


def test_labels_are_set_and_removed_and_a_namespace_keeps_its_name() -> None:
    state = after(ARENA, LabelPod("x/a", {"pod": None, "role": "web"}))
    assert state.pods["x/a"].labels == {"role": "web"}
    state = after(ARENA, LabelNamespace("y", {"ns": None, "kubernetes.io/metadata.name": "other", "team": "red"}))
    assert state.namespaces["y"] == {"kubernetes.io/metadata.name": "y", "team": "red"}


def test_a_new_pod_declares_the_usual_ports_or_its_own() -> None:
    own = (NamedPort("web", "TCP", 80),)
    assert after(ARENA, CreatePod("x/d")).pods["x/d"].ports == NAMED_PORTS
    assert after(ARENA, CreatePod("x/d", {}, own)).pods["x/d"].ports == own
    assert after(ARENA, CreatePod("x/d", {}, ())).pods["x/d"].ports == ()


def test_a_new_pod_has_no_address_until_it_is_told() -> None:
    state = after(ARENA, CreatePod("x/d", {"pod": "d"}))
    with pytest.raises(LookupError, match="pod x/d has no ipv4 address; it has none"):
        party(state, "x/d", "ipv4")
    found = party(located(state, "x/d", ("10.0.0.9", "fd00::9"), "node-2"), "x/d", "ipv6")
    assert (found.name, found.namespace, found.address, found.node) == ("d", "x", "fd00::9", "node-2")


def test_a_namespace_goes_with_all_that_is_in_it() -> None:
    state = after(after(ARENA, Apply(DENY)), DeleteNamespace("x"))
    assert set(state.namespaces) == {"y", "z"}
    assert not any(pod.startswith("x/") for pod in state.pods)
    assert as_oracle_world(state).policies == ()


def test_a_service_is_judged_at_the_pod_behind_it() -> None:
    state = after(ARENA, Apply(DENY))
    assert verdict(state, "y/a", "x/a", Route.CLUSTER_IP) is Verdict.DENIED
    assert verdict(state, "x/a", "y/a", Route.NAME) is Verdict.ALLOWED
    without = replace(state, pods=dict(state.pods) | {"y/a": replace(state.pods["y/a"], service=())})
    with pytest.raises(LookupError, match="the Service of pod y/a has no ipv4 address"):
        verdict(without, "x/a", "y/a", Route.CLUSTER_IP)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (DeletePolicy("x/gone"), "there is no policy x/gone at this step; there are none"),
        (LabelPod("x/q", {"a": "b"}), "there is no pod x/q at this step; there are x/a, x/b"),
        (LabelNamespace("q", {"a": "b"}), "there is no namespace q at this step; there are x, y, z"),
        (CreatePod("x/a"), "there is a pod x/a already"),
        (CreatePod("q/a"), "there is no namespace q"),
        (DeletePod("x/q"), "there is no pod x/q"),
        (RestartPod("x/q"), "there is no pod x/q"),
        (CreateNamespace("x"), "there is a namespace x already"),
        (DeleteNamespace("q"), "there is no namespace q"),
        (Apply(DENY | {"metadata": {"name": "n", "namespace": "q"}}), "there is no namespace q"),
    ],
)
def test_a_change_of_what_is_not_there_is_impossible(action: Action, said: str) -> None:
    with pytest.raises(ImpossibleAction, match=said):
        after(ARENA, action)


names = st.sampled_from([*ARENA.pods, "w/a", "x/d"])
spaces = st.sampled_from(["x", "y", "w"])
labels = st.dictionaries(st.sampled_from(["pod", "ns", "new"]), st.sampled_from(["a", "b"]), min_size=1)
changes = st.dictionaries(st.sampled_from(["pod", "ns", "new"]), st.sampled_from(["a", None]), min_size=1)
actions = st.one_of(
    st.builds(lambda space: Apply(DENY | {"metadata": {"name": "deny", "namespace": space}}), spaces),
    st.builds(DeletePolicy, spaces.map(lambda space: f"{space}/deny")),
    st.builds(LabelPod, names, changes),
    st.builds(LabelNamespace, spaces, changes),
    st.builds(CreatePod, names, labels),
    st.builds(DeletePod, names),
    st.builds(RestartPod, names),
    st.builds(CreateNamespace, spaces, labels),
    st.builds(DeleteNamespace, spaces),
)


@given(st.lists(actions, max_size=12))
def test_whatever_happens_a_state_is_whole_and_the_one_before_is_unchanged(chosen: list[Action]) -> None:
    state = ARENA
    for action in chosen:
        before = copy.deepcopy(state)
        try:
            following = after(state, action)
        except ImpossibleAction:
            following = state
        assert state == before
        state = following
        assert {pod.partition("/")[0] for pod in (*state.pods, *state.policies)} <= set(state.namespaces)
        assert all(found["kubernetes.io/metadata.name"] == name for name, found in state.namespaces.items())
