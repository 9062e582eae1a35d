"""The textbook example: pods ``frontend`` accept TCP 6379 from pods ``backend`` only. Verified as people do it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
import yaml

from conformance_suites.clauses import POLICY_ISOLATION, POLICY_RESOURCE
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.probe.observation import Family, Pod, Protocol
from pytest_k8snet.probe.questions import permitted
from pytest_k8snet.probing import Probing

POLICY = yaml.safe_load("""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: frontend-from-backend}
spec:
  podSelector: {matchLabels: {app: frontend}}
  ingress:
  - from:
    - podSelector: {matchLabels: {app: backend}}
    ports:
    - {protocol: TCP, port: 6379}
""")
TCP = (Protocol.TCP,)
IGNORED = (
    "policy-ignored",
    "policy-late",
    "policy-egress-only",
    "policy-ipv6-unenforced",
    "policy-same-node-bypass",
)
Pods = tuple[Pod, ...]


@pytest.fixture
def frontends(own_namespace: Namespace) -> Pods:
    """Start a frontend on each of two nodes; they serve another port as well."""
    return own_namespace.replicas("frontend", labels={"app": "frontend"}, containers={"agent": (6379, 8080)})


@pytest.fixture
def backends(own_namespace: Namespace) -> Pods:
    """Start a backend on each of two nodes."""
    return own_namespace.replicas("backend", labels={"app": "backend"})


@pytest.fixture
def strangers(own_namespace: Namespace) -> Pods:
    """Start a pod with another label on each of two nodes."""
    return own_namespace.replicas("stranger", labels={"app": "stranger"})


@pytest.fixture
def elsewhere(frontends: Pods) -> Pods:
    """Return the frontends at the port that the policy does not name."""
    return tuple(replace(pod, port=8080) for pod in frontends)


@each_family
@check("POLICY-002", spec=POLICY_RESOURCE, level="core", requires=("policy_enforced",), catches=IGNORED)
def test_frontends_accept_their_port_from_backends_only(
    own_namespace: Namespace,
    frontends: Pods,
    backends: Pods,
    strangers: Pods,
    elsewhere: Pods,
    probe: Probing,
    family: Family,
) -> None:
    """Pods "frontend" accept TCP 6379 from pods "backend" only, and nothing else; they still reach everyone."""
    everything = product((*backends, *strangers), (*frontends, *elsewhere))
    open_to_all = permitted("without the policy", family, TCP, allowed=everything)
    restricted = permitted(
        "frontend from backend only",
        family,
        TCP,
        allowed=[*product(backends, frontends), *product(frontends, strangers), *product(strangers, backends)],
        blocked=[*product(strangers, (*frontends, *elsewhere)), *product(backends, elsewhere)],
    )
    assert probe(open_to_all) == open_to_all
    stored = own_namespace.apply(POLICY)
    assert stored["spec"] == POLICY["spec"] | {"policyTypes": ["Ingress"]}
    assert own_namespace.selected(stored["spec"]["podSelector"]) == ("frontend-1", "frontend-2")
    assert probe(restricted) == restricted


@each_family
@check("POLICY-003", spec=POLICY_RESOURCE, level="core", requires=("policy_enforced",), catches=IGNORED)
def test_a_fresh_pod_is_judged_by_its_labels(
    cluster: Cluster,
    own_namespace: Namespace,
    frontends: Pods,
    backends: Pods,
    strangers: Pods,
    probe: Probing,
    family: Family,
) -> None:
    """A pod that is started after the policy reaches "frontend" if it is a "backend", and otherwise not."""
    control = cluster.fleet.pods[0]
    restricted = permitted(
        "pods that were there",
        family,
        TCP,
        allowed=product(backends, frontends),
        blocked=product(strangers, frontends),
        control=control,
    )
    own_namespace.apply(POLICY)
    assert probe(restricted) == restricted
    fresh_backends = own_namespace.replicas("fresh-backend", labels={"app": "backend"})
    fresh_strangers = own_namespace.replicas("fresh-stranger")
    also_fresh = permitted(
        "fresh pods",
        family,
        TCP,
        allowed=product(fresh_backends, frontends),
        blocked=product(fresh_strangers, frontends),
        control=control,
    )
    assert probe(also_fresh) == also_fresh


@each_family
@check(
    "POLICY-004",
    spec=POLICY_ISOLATION,
    level="core",
    requires=("policy_enforced",),
    catches=(*IGNORED, "policy-deleted-stays"),
)
def test_without_the_policy_everyone_reaches_the_frontends_again(
    cluster: Cluster,
    own_namespace: Namespace,
    frontends: Pods,
    backends: Pods,
    strangers: Pods,
    probe: Probing,
    family: Family,
) -> None:
    """When the policy is deleted, pods that it had shut out reach "frontend" again."""
    control = cluster.fleet.pods[0]
    restricted = permitted(
        "with the policy",
        family,
        TCP,
        allowed=product(backends, frontends),
        blocked=product(strangers, frontends),
        control=control,
    )
    open_to_all = permitted("the policy is deleted", family, TCP, allowed=product(strangers, frontends))
    own_namespace.apply(POLICY)
    assert probe(restricted) == restricted
    own_namespace.remove(POLICY)
    assert probe(open_to_all) == open_to_all
