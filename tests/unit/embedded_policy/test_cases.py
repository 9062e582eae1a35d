"""The shipped policy cases, by the rules that the nodes of the embedded cluster would get."""

from __future__ import annotations

import pytest

from pytest_k8snet.catalogue import policy_cases
from pytest_k8snet.policy.cases import Case
from tests.unit.embedded_policy.noticed import PREDICTED, noticed, wrong

CASES = policy_cases()


# All of them agree; to ask every cell of every case takes half a minute.
@pytest.mark.parametrize("case", CASES[::8], ids=str)
def test_the_rules_do_what_the_oracle_says(case: Case) -> None:
    assert wrong(case) is None


@pytest.mark.parametrize("case", CASES[3::30], ids=str)
def test_a_case_names_the_faults_that_its_rules_show(case: Case) -> None:
    assert set(noticed(case)) == set(case.catches) & PREDICTED.keys()
