"""Whatever a case did, the way back leads to the arena as it was."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_k8snet.policy.cases import (
    Action,
    Apply,
    CreateNamespace,
    CreatePod,
    DeleteNamespace,
    DeletePod,
    LabelNamespace,
    LabelPod,
)
from pytest_k8snet.policy.undo import undo
from pytest_k8snet.policy.world import ImpossibleAction, State, after, symbolic_arena

LABELS = st.dictionaries(st.sampled_from(["pod", "ns", "more"]), st.sampled_from(["a", "b", None]), max_size=2)
PODS = st.sampled_from(["x/a", "x/d", "y/b", "w/e"])
NAMESPACES = st.sampled_from(["w", "x", "y"])
SET = LABELS.map(lambda labels: {key: value for key, value in labels.items() if value})


def _policy(namespace: str) -> Apply:
    metadata = {"namespace": namespace, "name": "base"}
    return Apply({"kind": "NetworkPolicy", "metadata": metadata, "spec": {"podSelector": {}}})


ACTIONS = st.one_of(
    st.builds(LabelPod, PODS, LABELS),
    st.builds(LabelNamespace, NAMESPACES, LABELS),
    st.builds(CreatePod, PODS, SET),
    st.builds(DeletePod, PODS),
    st.builds(CreateNamespace, NAMESPACES, SET),
    st.builds(DeleteNamespace, NAMESPACES),
    NAMESPACES.map(_policy),
)


def _possible(state: State, actions: Sequence[Action]) -> State:
    for action in actions:
        try:
            state = after(state, action)
        except ImpossibleAction:
            continue
    return state


def _as_cases_know_it(state: State) -> tuple[object, ...]:
    pods = {name: (dict(pod.labels), pod.ports) for name, pod in state.pods.items()}
    return {name: dict(labels) for name, labels in state.namespaces.items()}, pods, dict(state.policies)


@settings(max_examples=200)
@given(st.lists(ACTIONS, max_size=8))
def test_the_way_back_leads_to_where_it_began(actions: list[Action]) -> None:
    began = symbolic_arena()
    state = _possible(began, actions)
    for action in undo(state, began):
        state = after(state, action)
    assert _as_cases_know_it(state) == _as_cases_know_it(began)


def test_there_is_nothing_to_undo_when_nothing_was_done() -> None:
    assert list(undo(symbolic_arena(), symbolic_arena())) == []
