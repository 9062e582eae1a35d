"""A case played through in thought: can each step be done, and is there anything to see after it?"""

from __future__ import annotations

from itertools import permutations, product

from pytest_k8snet.oracle.policy_world import Verdict
from pytest_k8snet.policy.cases import Case, CreatePod, Step
from pytest_k8snet.policy.world import (
    SYMBOLIC_NODES,
    ImpossibleAction,
    State,
    after,
    judged,
    located,
    node_place,
    symbolic_arena,
)


def play(case: Case) -> list[State]:
    """Return the state of a made-up arena after each step. Raises ImpossibleAction, with the step, for one too many."""
    state = symbolic_arena()
    states = []
    for place, step in enumerate(case.steps, 1):
        try:
            state = _after(state, step)
        except ImpossibleAction as error:
            raise ImpossibleAction(f"step {place} ({step.title}): {error}") from None
        states.append(state)
    return states


def problem(case: Case) -> str:
    """Return why a case cannot be played, or a step of it shows nothing; an empty text when there is nothing wrong."""
    try:
        states = play(case)
    except ImpossibleAction as error:
        return str(error)
    for place, (step, state) in enumerate(zip(case.steps, states, strict=True), 1):
        if not _says_anything(state, step):
            return f"step {place} ({step.title}): what it asks is undefined for every pair of pods, nothing can be seen"
    return ""


def _after(state: State, step: Step) -> State:
    for action in step.actions:
        state = after(state, action)
        if isinstance(action, CreatePod):
            state = located_somewhere(state, action.pod)
    return state


def _says_anything(state: State, step: Step) -> bool:
    """Tell whether the oracle knows the answer to any question of a step. Mostly the first one suffices."""
    return any(
        judged(state, source, target, family, protocol, port, step.route).verdict is not Verdict.UNDEFINED
        for (source, target), family, protocol, port in product(
            permutations(state.pods, 2), state.families(), step.protocols, step.ports
        )
    )


def located_somewhere(state: State, pod: str) -> State:
    """Give a new pod addresses that no other has, on the node that it belongs to."""
    node = node_place(pod) % SYMBOLIC_NODES + 1
    taken = {address for other in state.pods.values() for address in other.addresses}
    host = next(host for host in range(200, 255) if f"10.244.{node}.{host}" not in taken)
    return located(
        state,
        pod,
        (f"10.244.{node}.{host}", f"fd00:10:244:{node}::{host:x}"),
        f"node-{node}",
        (f"10.96.{node}.{host}", f"fd00:10:96:{node}::{host:x}"),
    )
