"""Pods that a case starts: what is forbidden of them is asked, because something shows that it is open otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pytest_k8snet.catalogue import policy_cases
from pytest_k8snet.policy.cases import Action, Case, CreatePod, DeletePod, Step
from pytest_k8snet.policy.played import Asked, Played
from tests.unit.policy.conftest import policy

Play = Callable[[Case], Played]
D = CreatePod("x/d", {"pod": "d"})
DENY = policy("nobody", policyTypes=["Ingress", "Egress"])


def started(step: Step) -> set[str]:
    return {action.pod for action in step.actions if isinstance(action, CreatePod)}


def asked_about(asked: Asked) -> set[str]:
    """The pods that a table judges, as source or as target."""
    questions = [asked.questions[probe] for probe in asked.table.expectation.cells]
    return {question.source for question in questions} & {question.target for question in questions}


@pytest.mark.parametrize("case", [case for case in policy_cases() if any(map(started, case.steps))], ids=str)
def test_every_pod_that_a_shipped_case_starts_is_judged_in_both_directions(case: Case, play: Play) -> None:
    played = play(case)
    assert played == case
    for step, asked in zip(case.steps, played.steps, strict=True):
        assert started(step) <= asked_about(asked)


@pytest.mark.parametrize(
    ("steps", "judged"),
    [
        ([(DENY, D)], False),
        ([(D,), (DENY,)], True),
        ([(D,), (DeletePod("x/d"),), (DENY, D)], False),  # it has the same name and is another pod
    ],
    ids=["new under the policy", "seen open before", "another one of the same name"],
)
def test_what_is_closed_at_a_new_pod_is_judged_once_it_was_seen_open(
    case: Case, play: Play, steps: list[tuple[Action, ...]], judged: bool
) -> None:
    made = [Step(f"step {number}", actions, ports=(80,), protocols=("TCP",)) for number, actions in enumerate(steps)]
    played = play(replace(case, steps=tuple(made)))
    assert ("x/d" in asked_about(played.steps[-1])) is judged
