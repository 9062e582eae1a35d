"""Whether cluster-wide policies that can be made have an effect: one verdict for each kind, in place of their cases."""

from __future__ import annotations

import pytest

from conformance_suites.clauses import ADMIN_NETWORK_POLICY, CLUSTER_NETWORK_POLICY
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.policy.tier_enforcement import NEW, OLD, TierTrial, not_enforced, not_served
from pytest_k8snet.probing import Probing

CATCHES = ("policy-admin-ignored",)


@check("POLICY-012", spec=CLUSTER_NETWORK_POLICY, level="extended", shows="cluster_network_policy", catches=CATCHES)
def test_cluster_network_policy_is_enforced(cluster: Cluster, own_namespace: Namespace, probe: Probing) -> None:
    """Where ClusterNetworkPolicy is served, it is enforced: what it denies does not connect."""
    _judge(cluster, own_namespace, probe, NEW)


@check("POLICY-013", spec=ADMIN_NETWORK_POLICY, level="extended", shows="admin_network_policy", catches=CATCHES)
def test_admin_network_policy_is_enforced(cluster: Cluster, own_namespace: Namespace, probe: Probing) -> None:
    """Where AdminNetworkPolicy is served, it is enforced: what it denies does not connect."""
    _judge(cluster, own_namespace, probe, OLD)


def _judge(cluster: Cluster, namespace: Namespace, probe: Probing, kind: str) -> None:
    if reason := not_served(cluster, kind):
        pytest.skip(reason)
    trial = TierTrial.by(kind, namespace)
    if probe(trial.open()) != trial.open():
        pytest.skip("the pods do not reach each other without a policy either; see MODEL-010 to 012")
    with trial.closed_in(cluster):
        table = probe(trial.closed())
    if trial.ignored(table):
        pytest.fail(not_enforced(kind), pytrace=False)
    assert table == trial.closed()
