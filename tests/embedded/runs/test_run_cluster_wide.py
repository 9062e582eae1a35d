"""Cluster-wide policies of a run: they leave what others have alone, and nothing of them stays."""

from __future__ import annotations

import time
from typing import Any

from pytest_k8snet.embedded import Running
from tests.embedded.runs.conftest import Foreign, Start
from tests.embedded.runs.test_run_options import outcomes

NEW = ("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy")
BASELINE = ("policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy")
NOT_ENFORCED = "ClusterNetworkPolicy is served but not enforced by this cluster"
NOBODY = {"subject": {"namespaces": {"matchLabels": {"there-is": "none"}}}}


def reason(session: Any, ident: str) -> str:
    (found,) = (check["reason"] for check in session.report["checks"] if check["id"] == ident)
    return str(found)


def test_where_nobody_follows_the_policies_one_check_says_so(start: Start, foreign: Foreign, embedded: Running) -> None:
    embedded.inject("policy-admin-ignored")
    try:
        session = start("-n0", foreign.option, "-k", "cluster_network_policy_is or POLICY-722 or POLICY-723")
        assert session.finish() == 1
    finally:
        embedded.restore("policy-admin-ignored")
    assert outcomes(session) == {"POLICY-012": "failed", "POLICY-722": "skipped", "POLICY-723": "skipped"}
    assert reason(session, "POLICY-012").splitlines()[0] == NOT_ENFORCED
    assert reason(session, "POLICY-722") == f"cluster_network_policy: {NOT_ENFORCED}"
    assert foreign.api.objects(*NEW) == []


def test_the_clusters_own_baseline_is_left_alone_and_nothing_of_ours_stays(start: Start, foreign: Foreign) -> None:
    api_version, kind = BASELINE
    foreign.api.apply({"apiVersion": api_version, "kind": kind, "metadata": {"name": "default"}, "spec": NOBODY})
    try:
        session = start("-n0", foreign.option, "-k", "POLICY-722 or POLICY-765")
        assert session.finish() == 0
        assert [policy["spec"] for policy in foreign.api.objects(*BASELINE)] == [NOBODY]
    finally:
        foreign.api.delete(*BASELINE, "default")
    assert outcomes(session) == {"POLICY-722": "passed", "POLICY-765": "skipped"}
    assert "this cluster has a BaselineAdminNetworkPolicy already" in reason(session, "POLICY-765")
    assert foreign.api.objects(*NEW) == []


def test_what_a_killed_run_leaves_goes_with_its_namespace(start: Start, foreign: Foreign) -> None:
    session = start("-n0", foreign.option, "-k", "POLICY-725")
    deadline = time.monotonic() + 60
    while not (left := foreign.api.objects(*NEW)):
        assert time.monotonic() < deadline, "the run never made its policy"
        time.sleep(0.02)
    session.kill()
    (owner,) = left[0]["metadata"]["ownerReferences"]
    foreign.api.delete("v1", "Namespace", owner["name"])
    foreign.api.wait_gone("v1", "Namespace", owner["name"])
    for name in foreign.namespaces(session):
        foreign.api.delete("v1", "Namespace", name)
    assert owner["kind"] == "Namespace"
    deadline = time.monotonic() + 10
    while foreign.api.objects(*NEW):
        assert time.monotonic() < deadline, "the policy stayed when its owner was gone"
        time.sleep(0.02)
