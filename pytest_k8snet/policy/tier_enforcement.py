"""Whether a cluster has the policies of policy.networking.k8s.io and enforces them: seen on three pods.

That the kind is served says little: its CustomResourceDefinition may be there without anybody who follows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube.client import Object
from pytest_k8snet.policy.cluster_manifests import GROUP, api_version
from pytest_k8snet.policy.cluster_wide import ONLY_NAME, of_run
from pytest_k8snet.policy.enforcement import UNKNOWN, Trial
from pytest_k8snet.policy.placeholders import NAMESPACE_NAME
from pytest_k8snet.probe.observation import Pod

NEW, OLD, BASELINE = "ClusterNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy"
PLURALS = {NEW: "clusternetworkpolicies", OLD: "adminnetworkpolicies", BASELINE: "baselineadminnetworkpolicies"}
VERBS = ("create", "delete", "get", "patch")
PRIORITY = 10


@dataclass(frozen=True)
class TierTrial(Trial):
    """The trial of ``enforcement``, by two policies of a cluster-wide kind: each lets Deny part the same two pods."""

    kind: str = NEW

    @classmethod
    def by(cls, kind: str, namespace: Namespace) -> TierTrial:
        """Start the pods for a trial of ClusterNetworkPolicy or AdminNetworkPolicy."""
        guarded, stranger, friend = namespace.pods("guarded", "stranger", "friend")
        return cls(namespace, guarded, stranger, friend, kind)

    @contextmanager
    def closed_in(self, cluster: Cluster) -> Iterator[None]:
        """Make the policies, one for each direction, and remove them in the end. Raises ApiError."""
        made = [
            of_run(cluster, self._denying("ingress", "from", self.guarded, self.stranger)),
            of_run(cluster, self._denying("egress", "to", self.stranger, self.guarded)),
        ]
        try:
            for policy in made:
                cluster.api.apply(policy)
            yield
        finally:
            for policy in made:
                cluster.api.delete(policy["apiVersion"], self.kind, policy["metadata"]["name"])

    def _denying(self, direction: str, peers: str, subject: Pod, other: Pod) -> Object:
        spec = {
            "priority": PRIORITY,
            "subject": self._only(subject),
            direction: [{"action": "Deny", peers: [self._only(other)]}],
        }
        return {
            "apiVersion": api_version(self.kind),
            "kind": self.kind,
            "metadata": {"name": f"{self.namespace.name}-{direction}"},
            "spec": spec | ({"tier": "Admin"} if self.kind == NEW else {}),
        }

    def _only(self, pod: Pod) -> Object:
        return {
            "pods": {
                "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: self.namespace.name}},
                "podSelector": {"matchLabels": {"k8snet.io/pod": pod.name}},
            }
        }


def not_served(cluster: Cluster, kind: str) -> str:
    """Return "" when the API has a kind, or why that cannot be asked for."""
    version = api_version(kind)
    return "" if cluster.api.serves(version, kind) else f"this cluster does not serve {kind} ({version})"


def not_enforced(kind: str) -> str:
    """Return the verdict on a cluster in which such policies have no effect."""
    return f"{kind} is served but not enforced by this cluster"


def why_not(cluster: Cluster, kind: str) -> str:
    """Return "" when a kind is served and enforced, enforcement.UNKNOWN when that cannot be seen, or why not.

    Makes a namespace for it and removes it.
    """
    if reason := not_served(cluster, kind) or _not_permitted(cluster, kind):
        return reason
    prober = cluster.attachment.prober
    with cluster.namespace(f"{kind} enforcement") as namespace:
        trial = TierTrial.by(kind, namespace)
        if (pace := trial.pace(prober)) is None:
            return UNKNOWN
        try:
            with trial.closed_in(cluster):
                table = prober(pace.given_to(trial.closed(), {trial.forbidden}))
        except ApiError as error:
            return f"the API refuses a {kind}: {error.message}"
    return not_enforced(kind) if trial.ignored(table) else ""


def why_no_baseline(cluster: Cluster) -> str:
    """Return "" when a BaselineAdminNetworkPolicy can be made, or why not."""
    if reason := not_served(cluster, BASELINE) or _not_permitted(cluster, BASELINE):
        return reason
    try:
        cluster.api.get(api_version(BASELINE), BASELINE, ONLY_NAME[BASELINE])
    except ApiError as error:
        if error.status == 404:
            return ""
        raise
    return f"this cluster has a {BASELINE} already, and there can be one only"


def _not_permitted(cluster: Cluster, kind: str) -> str:
    refused = [verb for verb in VERBS if not cluster.api.may(verb, PLURALS[kind], group=GROUP)]
    if not refused:
        return ""
    return f"these credentials may not {', '.join(refused)} {PLURALS[kind]}, which its cases need; see docs/rbac.yaml"
