"""The page of the documentation that shows how the policy oracle explains; its sentences are the oracle's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from pytest_k8snet.oracle.cluster_policy import judge_tiers
from pytest_k8snet.oracle.network_policy import judge, judge_service
from pytest_k8snet.oracle.policy_explanation import explain, explain_service
from pytest_k8snet.oracle.policy_world import (
    Backend,
    Connection,
    Frontend,
    Judgement,
    Manifest,
    NamedPort,
    Party,
    World,
)

PAGE = """\
# The policy oracle

`pytest_k8snet/oracle/network_policy.py` says what NetworkPolicies (networking.k8s.io/v1) make of a connection: allowed,
denied, or undefined where the API leaves it open. It is pure: policies, labels and addresses go in, a verdict with the
reason comes out. It knows no implementation, and the embedded cluster's enforcement does not use it.

* Both sides judge by themselves: the policies of the source in egress, those of the target in ingress. A connection
  needs both; what one side denies for certain is denied.
* Policies judge the attempt to connect. Replies are always allowed.
* A side that no policy isolates allows everything.
* A connection to a Service is judged at the backend and its target port, as it is after DNAT.

## What an explanation looks like

The reason beside a verdict is one sentence. Of several rules that do not allow, it names the one that comes nearest.
The whole explanation has every rule of every policy that selects.
{examples}
## What is undefined

A verdict is undefined only if the outcome depends on what is left open: without a policy, or under a rule that allows
the connection however the API is read, it is allowed. An undefined one conforms whatever becomes of it.

| what | where the API leaves it open | for example |
|---|---|---|
{undefined}

## Cluster-wide policies

`oracle/cluster_policy.py` judges AdminNetworkPolicy and BaselineAdminNetworkPolicy (policy.networking.k8s.io/v1alpha1)
and ClusterNetworkPolicy (v1alpha2) together with NetworkPolicy: the Admin tier by priority and then by the order of
rules, NetworkPolicy for the pods that it selects, then the Baseline tier. The reason names the rule that decides:

{tiers}

Policies of one tier and priority that decide otherwise each leave the outcome undefined, as do rules by domain names. A
connection to a Service's cluster address is judged at the backend; one through a node port, an external address or a
load balancer is undefined, and one to `networks` where they tell the Service's address from the backend's. Rules that
match by another sort of peer than those known fail closed, as the API demands.
"""


@dataclass(frozen=True)
class Asked:
    """A connection under policies; with ``frontend`` it goes to a Service, with the target as a backend."""

    title: str
    policies: Sequence[Manifest]
    connection: Connection
    frontend: Frontend | None = None
    other_backends: tuple[Backend, ...] = ()

    @property
    def world(self) -> World:
        """The policies, with namespaces that have their own names as labels."""
        return World(tuple(self.policies), {name: {"ns": name} for name in ("shop", "ops")})

    def judgement(self) -> Judgement:
        """Ask the oracle."""
        if self.frontend is None:
            return judge(self.world, self.connection)
        return judge_service(self.world, self.connection.source, self.frontend, self._backends())

    def explanation(self) -> list[str]:
        """Ask the oracle for all that it has to say."""
        if self.frontend is None:
            return explain(self.world, self.connection)
        return explain_service(self.world, self.connection.source, self.frontend, self._backends())

    def _backends(self) -> list[Backend]:
        return [Backend(self.connection.target, self.connection.port), *self.other_backends]


BACKEND = Party("backend", "10.244.1.4", "shop", {"app": "backend"}, node="n1")
REDIS = Party("redis", "10.244.2.7", "shop", {"app": "redis"}, node="n2")
MONITOR = Party("monitor", "10.244.2.9", "ops", {"app": "monitor"}, node="n2")
WEB = (NamedPort("web", "TCP", 8080),)
HOST_AGENT = Party("agent", "172.18.0.3", "ops", {"app": "agent"}, WEB, node="n3", host_network=True)
NODE_2 = Party("n2", "172.18.0.2", node="n2", host_network=True)
NODE_3 = Party("n3", "172.18.0.3", node="n3", host_network=True)
OUTSIDE = Party("192.0.2.1", "192.0.2.1")
SERVICE = Frontend("10.96.0.10", 6379, "TCP")
NODE_PORT = Frontend("172.18.0.1", 30379, "TCP", external=True, node="n1")
OTHER_NODE_PORT = Frontend("172.18.0.3", 30379, "TCP", external=True, node="n3")


def _policy(name: str, direction: str, *rules: dict[str, Any], app: str = "redis") -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"namespace": "shop", "name": name},
        "spec": {
            "podSelector": {"matchLabels": {"app": app}},
            "policyTypes": [direction],
            direction.lower(): list(rules),
        },
    }


TO_REDIS = {"from": [{"podSelector": {"matchLabels": {"app": "backend"}}}], "ports": [{"port": 6379}]}
FROM_OPS = {"from": [{"namespaceSelector": {"matchLabels": {"ns": "ops"}}}], "ports": [{"port": 9121, "endPort": 9125}]}
REDIS_POLICY = _policy("redis", "Ingress", TO_REDIS, FROM_OPS)
ALL_PODS: dict[str, Any] = {"from": [{"namespaceSelector": {}}]}
CLOSED = _policy("closed", "Ingress")
PODS_BY_BLOCK = _policy("by-block", "Egress", {"to": [{"ipBlock": {"cidr": "10.244.0.0/16"}}]}, app="backend")

EXAMPLES = (
    Asked("A rule allows", [REDIS_POLICY], Connection(BACKEND, REDIS, "TCP", 6379)),
    Asked("The right peer at the wrong port", [REDIS_POLICY], Connection(BACKEND, REDIS, "TCP", 6380)),
    Asked("The wrong peer", [REDIS_POLICY], Connection(MONITOR, REDIS, "TCP", 6379)),
    Asked("No rules at all", [_policy("closed", "Egress", app="backend")], Connection(BACKEND, REDIS, "TCP", 6379)),
    Asked("From a pod's own node", [CLOSED], Connection(NODE_2, REDIS, "TCP", 6379)),
    Asked("A Service and an ipBlock", [PODS_BY_BLOCK], Connection(BACKEND, REDIS, "TCP", 6379), SERVICE),
)
NETWORK_POLICIES = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
# What is left open, by which words of the documentation or by their absence, and a connection that shows it.
LEFT_OPEN = (
    (
        f"[pods cannot block access to themselves]({NETWORK_POLICIES}); implementations differ",
        Asked("a pod and itself", [CLOSED], Connection(REDIS, REDIS, "TCP", 6379)),
    ),
    (
        "traffic of the node where a pod runs is always allowed; implementations differ",
        Asked(
            "a pod and its own node, also through the ports of that node",
            [CLOSED],
            Connection(NODE_2, REDIS, "TCP", 6379),
        ),
    ),
    (
        "a node has several addresses, and some implementations take blocks for hosts outside the cluster only",
        Asked(
            "an `ipBlock` that contains another node",
            [_policy("by-block", "Ingress", {"from": [{"ipBlock": {"cidr": "172.18.0.0/16"}}]})],
            Connection(NODE_3, REDIS, "TCP", 6379),
        ),
    ),
    (
        "implementations may tell hostNetwork pods from their node, or ignore them in every selector",
        Asked(
            "selectors that fit a hostNetwork pod, in rules and in `spec.podSelector`",
            [_policy("from-pods", "Ingress", ALL_PODS)],
            Connection(HOST_AGENT, REDIS, "TCP", 6379),
        ),
    ),
    (
        "if it is the same as its node, it has no named ports",
        Asked(
            "a port that a hostNetwork pod names, in egress",
            [_policy("to-web", "Egress", {"ports": [{"port": "web"}]}, app="backend")],
            Connection(BACKEND, HOST_AGENT, "TCP", 8080),
        ),
    ),
    (
        "addresses that are rewritten may be seen before or after",
        Asked(
            "an `ipBlock` that differs between a Service and its backend",
            [PODS_BY_BLOCK],
            Connection(BACKEND, REDIS, "TCP", 6379),
            SERVICE,
        ),
    ),
    (
        "addresses that are rewritten may be seen before or after",
        Asked(
            "egress rules and a node port, an external address or a load balancer",
            [_policy("to-pods", "Egress", {"to": ALL_PODS["from"]}, app="backend")],
            Connection(BACKEND, REDIS, "TCP", 6379),
            OTHER_NODE_PORT,
        ),
    ),
    (
        "the source may be that of the client, of a node or of a load balancer",
        Asked(
            "peers behind a node port, an external address or a load balancer",
            [_policy("from-outside", "Ingress", {"from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]})],
            Connection(OUTSIDE, REDIS, "TCP", 6379),
            NODE_PORT,
        ),
    ),
    (
        "the path may give the connection the address of a node",
        Asked(
            "a pod that reaches itself through its own Service",
            [_policy("from-pods", "Ingress", ALL_PODS)],
            Connection(REDIS, REDIS, "TCP", 6379),
            SERVICE,
        ),
    ),
    (
        "a Service chooses as it likes",
        Asked(
            "a Service with backends of which some may be reached",
            [CLOSED],
            Connection(BACKEND, REDIS, "TCP", 6379),
            SERVICE,
            (Backend(MONITOR, 6379),),
        ),
    ),
)


CLUSTER_WIDE = """\
- kind: ClusterNetworkPolicy
  metadata: {name: tenants}
  spec:
    tier: Admin
    priority: 10
    subject: {namespaces: {}}
    ingress:
    - {action: Pass, from: [{namespaces: {matchLabels: {ns: shop}}}]}
    - {action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 6379}}}]}
- kind: ClusterNetworkPolicy
  metadata: {name: closed}
  spec:
    tier: Baseline
    priority: 10
    subject: {namespaces: {}}
    ingress:
    - {action: Deny, from: [{namespaces: {}}]}
"""
TIER_EXAMPLES: Sequence[tuple[str, Connection, list[Manifest]]] = (
    ("ops/monitor asks shop/redis", Connection(MONITOR, REDIS, "TCP", 6379), [REDIS_POLICY]),
    ("shop/backend asks it", Connection(BACKEND, REDIS, "TCP", 6379), [REDIS_POLICY]),
    ("without the NetworkPolicy", Connection(BACKEND, REDIS, "TCP", 6379), []),
)


def _tiers() -> str:
    policies = yaml.safe_load(CLUSTER_WIDE)
    lines = []
    for title, connection, namespaced in TIER_EXAMPLES:
        world = Asked(title, namespaced, connection).world
        judgement = judge_tiers(world, policies, connection)
        lines.append(f"{title}: {judgement.verdict}, because {judgement.because}")
    said = "\n".join(lines)
    return f"```yaml\n{CLUSTER_WIDE}```\n\nwith the NetworkPolicy shop/redis of above:\n\n```text\n{said}\n```"


def as_markdown() -> str:
    """Return the page."""
    shown = zip(EXAMPLES, (None, *EXAMPLES), strict=False)
    return PAGE.format(
        tiers=_tiers(),
        examples="".join(_example(example, before.policies if before else ()) for example, before in shown),
        undefined="\n".join(f"| {asked.title} | {why} | {asked.judgement().because} |" for why, asked in LEFT_OPEN),
    )


def _example(example: Asked, before: Sequence[Manifest]) -> str:
    """Return an example; policies that are those of the one before are not written again."""
    manifests = "---\n".join(yaml.safe_dump(dict(policy), sort_keys=False) for policy in example.policies)
    policies = "Under the same policy:" if example.policies == before else f"```yaml\n{manifests}```"
    lines = "\n".join(example.explanation())
    return f"\n### {example.title}\n\n{policies}\n\n```text\n{lines}\n```\n"
