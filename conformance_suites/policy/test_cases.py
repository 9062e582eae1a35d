"""NetworkPolicy, case by case: what is applied stands in ``cases/``, what must then connect the oracle says."""

from __future__ import annotations

from pathlib import Path

from conformance_suites import clauses
from pytest_k8snet.policy.case_files import load_all
from pytest_k8snet.policy.cases import Case
from pytest_k8snet.policy.parameters import each_case
from pytest_k8snet.policy.stage import Stage
from pytest_k8snet.probing import Probing

CASES = load_all(Path(__file__).parent / "cases", clauses.by_name())


@each_case(CASES)
def test_pods_reach_what_the_policies_allow_and_nothing_else(stage: Stage, probe: Probing, case: Case) -> None:
    """Every pod reaches what the policies allow, and nothing that they do not."""
    assert stage.play(case, probe) == case


def test_pods_reach_what_your_policies_allow_and_nothing_else(
    stage: Stage, probe: Probing, k8snet_own_case: Case
) -> None:
    """Every pod reaches what the policies of the user's case allow, and nothing that they do not."""
    assert stage.play(k8snet_own_case, probe) == k8snet_own_case
