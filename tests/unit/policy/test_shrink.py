"""Shrinking, with failures that are made up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pytest_k8snet.policy.case_files import load
from pytest_k8snet.policy.case_writer import written
from pytest_k8snet.policy.cases import Apply, Case
from pytest_k8snet.policy.fuzz import draw
from pytest_k8snet.policy.shrink import Bounds, narrowed, shrink, smaller_cases
from pytest_k8snet.policy.simulation import problem
from tests.unit.policy.conftest import policy

PATIENT = Bounds(tries=100_000, seconds=600.0)
EXCEPT = {"ipBlock": {"cidr": "${any}", "except": ["${pod z/c}", "${pod x/b}"]}}
PODS = {"podSelector": {"matchLabels": {"pod": "b"}, "matchExpressions": [{"key": "pod", "operator": "Exists"}]}}


def has(field: str) -> Callable[[Case], bool]:
    """Fail as long as a policy has this text in it."""
    return lambda case: field in str([action for step in case.steps for action in step.actions])


def spec_of(case: Case) -> Any:
    [action] = case.steps[0].actions
    assert isinstance(action, Apply)
    return action.policy["spec"]


def with_policies(case: Case, *actions: Apply) -> Case:
    return replace(case, steps=(replace(case.steps[0], actions=actions),))


def test_what_is_not_needed_for_the_failure_is_left_out(case: Case) -> None:
    big = with_policies(
        case,
        policy("one", policyTypes=["Ingress"], ingress=[{"from": [PODS]}]),
        policy(
            "two",
            podSelector={"matchLabels": {"pod": "a"}},
            policyTypes=["Ingress", "Egress"],
            ingress=[{}, {"ports": [{"port": 80, "endPort": 81}], "from": [PODS, EXCEPT]}],
            egress=[{"to": [PODS]}],
        ),
    )
    found = shrink(big, has("${pod z/c}"), bounds=PATIENT)
    assert found.finished
    assert spec_of(found.case) == {
        "podSelector": {},
        "ingress": [{"from": [{"ipBlock": {"cidr": "${any}", "except": ["${pod z/c}"]}}]}],
    }
    assert found.case.steps[0].title == "apply policy x/two"


@settings(deadline=None, max_examples=25)
@given(number=st.integers(1, 10_000), field=st.sampled_from(["except", "endPort", "NotIn", "egress", "serve-80-tcp"]))
def test_of_the_smallest_case_nothing_more_can_be_left_out(number: int, field: str) -> None:
    case, fails = draw(7, number).case, has(field)
    found = shrink(case, fails, bounds=PATIENT).case
    assert found == case or fails(found)
    assert not any(map(fails, smaller_cases(found))) or not fails(case)


@settings(deadline=None, max_examples=10)
@given(number=st.integers(1, 10_000))
def test_every_smaller_case_can_be_written_and_played(number: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("cases") / "cases.yaml"
    smaller = [one for one in smaller_cases(draw(7, number).case) if not problem(one)][:40]
    assume(smaller)  # nothing can be left out of a case of one rule that says nothing
    named = [replace(one, id=f"POLICY-{900 + place}", title=str(place)) for place, one in enumerate(smaller)]
    file.write_text(written(*named))
    assert [one.steps for one in load(file)] == [one.steps for one in named]


def test_a_case_that_cannot_fail_costs_no_try(case: Case) -> None:
    big = with_policies(case, policy("one"), policy("two"))
    found = shrink(big, lambda case: True, may_fail=lambda case: False, bounds=PATIENT)
    assert (found.case, found.tries, found.finished) == (big, 0, True)


def test_no_case_is_tried_twice() -> None:
    tried: list[str] = []

    def fails(case: Case) -> bool:
        tried.append(str([step.actions for step in case.steps]))
        return has("except")(case)

    found = shrink(draw(7, 4).case, fails, bounds=PATIENT)
    assert found.tries == len(tried) == len(set(tried))


def test_the_number_of_tries_is_bounded(case: Case) -> None:
    big = with_policies(case, *(policy(f"p{place}") for place in range(6)))
    found = shrink(big, lambda case: False, bounds=Bounds(tries=4))
    assert (found.tries, found.finished) == (4, False)


def test_no_try_begins_when_the_time_is_over(case: Case) -> None:
    now = iter(range(0, 1000, 10))
    big = with_policies(case, *(policy(f"p{place}") for place in range(6)))
    found = shrink(big, lambda case: False, bounds=Bounds(seconds=25.0, clock=lambda: float(next(now))))
    assert (found.tries, found.finished) == (2, False)


def test_a_narrowed_step_asks_at_one_port_by_one_protocol(case: Case) -> None:
    step = narrowed(case.steps[0], 81, "UDP")
    assert (step.ports, step.protocols, step.actions) == ((81,), ("UDP",), case.steps[0].actions)
