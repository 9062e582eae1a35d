"""The textbook example: pods ``frontend`` accept TCP 6379 from pods ``backend`` only. Verified as people do it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import NamedTuple

import pytest
import yaml

from conformance_suites.clauses import POLICY_ISOLATION, POLICY_RESOURCE
from conformance_suites.parameters import each_family
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.probe.observation import Expectation, Family, Pod, Protocol
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
IN_FORCE = ("policy-ignored", "policy-egress-only", "policy-ipv6-unenforced", "policy-same-node-bypass")


class Shop(NamedTuple):
    """Two pods of each kind, on two nodes; ``elsewhere`` are the frontends at a port that the policy does not name."""

    frontends: tuple[Pod, ...]
    backends: tuple[Pod, ...]
    strangers: tuple[Pod, ...]
    elsewhere: tuple[Pod, ...]
    everyone: tuple[Pod, ...]


@pytest.fixture
def shop(own_namespace: Namespace, cluster: Cluster) -> Shop:
    """Start the pods of the example."""
    frontends = own_namespace.replicas("frontend", labels={"app": "frontend"}, containers={"agent": (6379, 8080)})
    backends = own_namespace.replicas("backend", labels={"app": "backend"})
    strangers = own_namespace.replicas("stranger", labels={"app": "stranger"})
    elsewhere = tuple(replace(pod, port=8080) for pod in frontends)
    return Shop(frontends, backends, strangers, elsewhere, (*frontends, *backends, *strangers, cluster.fleet.pods[0]))


@each_family
@check("POLICY-002", spec=POLICY_RESOURCE, level="core", requires=("policy_enforced",), catches=IN_FORCE)
def test_frontends_accept_their_port_from_backends_only(
    own_namespace: Namespace, shop: Shop, probe: Probing, family: Family
) -> None:
    """Pods "frontend" accept TCP 6379 from pods "backend" only, and nothing else; they still reach everyone."""
    clients = (*shop.backends, *shop.strangers)
    open_to_all = permitted("another port, no policy", family, TCP, allowed=product(clients, shop.elsewhere))
    restricted = permitted(
        "frontend from backend only",
        family,
        TCP,
        allowed=[
            *product(shop.backends, shop.frontends),
            *product(shop.frontends, shop.strangers),
            *product(shop.strangers, shop.backends),
        ],
        blocked=[*product(shop.strangers, (*shop.frontends, *shop.elsewhere)), *product(shop.backends, shop.elsewhere)],
    )
    probe.presume_open(shop.everyone, family, TCP)
    assert probe(open_to_all) == open_to_all
    stored = own_namespace.apply(POLICY)
    assert stored["spec"] == POLICY["spec"] | {"policyTypes": ["Ingress"]}
    assert own_namespace.selected(stored["spec"]["podSelector"]) == ("frontend-1", "frontend-2")
    assert probe(restricted) == restricted


def only_from_backends(
    shop: Shop, backends: tuple[Pod, ...], strangers: tuple[Pod, ...], family: Family
) -> Expectation:
    """Expect these backends to reach the frontends, and these strangers to reach another pod, but no frontend."""
    return permitted(
        "frontend from backend only",
        family,
        TCP,
        allowed=product(backends, shop.frontends),
        blocked=product(strangers, shop.frontends),
        control=shop.everyone[-1],
    )


@each_family
@check("POLICY-003", spec=POLICY_RESOURCE, level="core", requires=("policy_enforced",), catches=IN_FORCE)
def test_a_fresh_pod_is_judged_by_its_labels(
    own_namespace: Namespace, shop: Shop, probe: Probing, family: Family
) -> None:
    """A pod that is started after the policy reaches "frontend" if it is a "backend", and otherwise not."""
    restricted = only_from_backends(shop, shop.backends, shop.strangers, family)
    probe.presume_open(shop.everyone, family, TCP)
    own_namespace.apply(POLICY)
    assert probe(restricted) == restricted
    backends = own_namespace.replicas("fresh-backend", labels={"app": "backend"})
    strangers = own_namespace.replicas("fresh-stranger")
    also_fresh = only_from_backends(shop, backends, strangers, family)
    assert probe(also_fresh) == also_fresh


@each_family
@check(
    "POLICY-004",
    spec=POLICY_ISOLATION,
    level="core",
    requires=("policy_enforced",),
    catches=(*IN_FORCE, "policy-deleted-stays"),
)
def test_without_the_policy_everyone_reaches_the_frontends_again(
    own_namespace: Namespace, shop: Shop, probe: Probing, family: Family
) -> None:
    """When the policy is deleted, pods that it had shut out reach "frontend" again."""
    restricted = only_from_backends(shop, shop.backends, shop.strangers, family)
    open_to_all = permitted("the policy is deleted", family, TCP, allowed=product(shop.strangers, shop.frontends))
    probe.presume_open(shop.everyone, family, TCP)
    own_namespace.apply(POLICY)
    assert probe(restricted) == restricted
    own_namespace.remove(POLICY)
    assert probe(open_to_all) == open_to_all
