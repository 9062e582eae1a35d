"""Whether NetworkPolicy is enforced at all: where it is not, this one check says so, and the others are skipped."""

from __future__ import annotations

import pytest

from conformance_suites.clauses import NETWORK_POLICY
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Namespace
from pytest_k8snet.policy.enforcement import NOT_ENFORCED, Trial
from pytest_k8snet.probing import Probing


@check("POLICY-001", spec=NETWORK_POLICY, level="core", shows="policy_enforced", catches=("policy-ignored",))
def test_network_policy_is_enforced(namespace: Namespace, probe: Probing) -> None:
    """NetworkPolicy is enforced by this cluster: what policies do not allow does not connect."""
    trial = Trial.within(namespace)
    if probe(trial.open()) != trial.open():
        pytest.skip("the pods do not reach each other without a policy either; see MODEL-010 to 012")
    trial.close()
    table = probe(trial.closed())
    if trial.ignored(table):
        pytest.fail(NOT_ENFORCED, pytrace=False)
    assert table == trial.closed()
