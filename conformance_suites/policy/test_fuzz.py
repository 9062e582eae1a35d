"""NetworkPolicy at random: what no case was written for. Runs when asked for, by ``--k8snet-fuzz N``."""

from __future__ import annotations

from conformance_suites.clauses import NETWORK_POLICY
from pytest_k8snet.checks import check
from pytest_k8snet.policy import smallest
from pytest_k8snet.policy.fuzz import Drawn
from pytest_k8snet.policy.stage import Stage
from pytest_k8snet.probing import Probing


@check("POLICY-090", spec=NETWORK_POLICY, level="extended", catches=("policy-ignored",), requires=("policy_enforced",))
def test_pods_reach_what_random_policies_allow_and_nothing_else(
    stage: Stage, probe: Probing, k8snet_drawn_case: Drawn
) -> None:
    """Every pod reaches what a set of random policies allows, and nothing that it does not."""
    assert smallest.play(stage, k8snet_drawn_case, probe) == k8snet_drawn_case.case
