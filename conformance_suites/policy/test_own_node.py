"""The node of a pod always reaches it, whatever policies say; so the kubelet's probes do."""

from __future__ import annotations

from dataclasses import replace

from conformance_suites.clauses import POLICY_OWN_NODE
from conformance_suites.policy.policies import FRIEND, FROM_FRIENDS, GUARDED
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.policy.host_peers import seen_by_host_pods
from pytest_k8snet.probe.observation import Protocol
from pytest_k8snet.probe.questions import permitted
from pytest_k8snet.probing import Probing

READY_SECONDS = 20.0
IN_FORCE_SECONDS = 10.0  # how soon the policy is in force is the matter of other checks


@check(
    "POLICY-011",
    spec=POLICY_OWN_NODE,
    level="extended",
    requires=("policy_enforced",),
    catches=("policy-ignored", "policy-egress-only", "policy-own-node-blocked"),
)
def test_the_kubelet_reaches_an_isolated_pod(cluster: Cluster, own_namespace: Namespace, probe: Probing) -> None:
    """A pod with a readiness probe becomes Ready and stays so under a policy that does not name its node."""
    family, control = cluster.families[0], cluster.fleet.pods[0]
    friend, other = own_namespace.pod("friend", labels=FRIEND), own_namespace.pod("other")
    probe.presume_open([friend, other, control], family, (Protocol.TCP,))
    own_namespace.apply(FROM_FRIENDS)
    own_namespace.begin("guarded", friend.node, labels=GUARDED, readiness=True)
    own_namespace.pod("free", friend.node, readiness=True)
    assert own_namespace.becomes_ready("guarded", seconds=READY_SECONDS), "the kubelet does not reach the pod"
    (guarded,) = own_namespace.wait("guarded")
    isolated = permitted(
        "isolated", family, (Protocol.TCP,), allowed=[(friend, guarded)], blocked=[(other, guarded)], control=control
    )
    isolated = replace(isolated, convergence=IN_FORCE_SECONDS)
    assert probe(isolated) == isolated
    probe.note(seen_by_host_pods(cluster, guarded, family))
    assert own_namespace.becomes_ready("guarded", seconds=0), "the kubelet does not reach the pod any more"
