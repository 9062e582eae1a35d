"""A case played through in thought: does each step do what can be done, and is there anything to see after it?"""

from __future__ import annotations

from pytest_k8snet.policy.cases import Case, CreatePod, Step
from pytest_k8snet.policy.world import ImpossibleAction, State, after, located, symbolic_arena


def simulate(case: Case) -> str:
    """Return why a case cannot be played, or an empty text."""
    state = symbolic_arena()
    for place, step in enumerate(case.steps, 1):
        try:
            state = _after(state, step)
        except ImpossibleAction as error:
            return f"step {place} ({step.title}): {error}"
    return ""


def _after(state: State, step: Step) -> State:
    for action in step.actions:
        state = after(state, action)
        if isinstance(action, CreatePod):
            state = _somewhere(state, action.pod)
    return state


def _somewhere(state: State, pod: str) -> State:
    """Give a new pod addresses that no other has."""
    host = 200 + len(state.pods)
    return located(
        state,
        pod,
        (f"10.244.1.{host}", f"fd00:10:244:1::{host:x}"),
        "node-1",
        (f"10.96.1.{host}", f"fd00:10:96:1::{host:x}"),
    )
