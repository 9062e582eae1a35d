"""Whether a cluster enforces NetworkPolicy at all, of what pods take or of what they send: seen on three pods."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.policy.pace import Pace
from pytest_k8snet.probe.observation import CONNECTS, REJECTED, Expectation, Expected, Outcome, Pod, Probe, Protocol
from pytest_k8snet.probe.prober import Prober
from pytest_k8snet.probe.table import TruthTable

NOT_ENFORCED = "NetworkPolicy is not enforced by this cluster"
UNKNOWN = "it cannot be seen whether NetworkPolicy is enforced"
# Whatever the profile: what enforces late does enforce, and the check must not say otherwise than what skips others.
ENFORCE_SECONDS = 10.0
GROUP = "networking.k8s.io"
VERBS = ("create", "delete", "patch")
OF_CASES = (("create", "services"), ("patch", "services"), ("patch", "pods"))
"""What the cases need beside policies: a Service for each pod, and other labels for pods."""


@dataclass(frozen=True)
class Trial:
    """Three pods: ``guarded`` may take from ``friend`` only, and ``stranger`` may send to ``friend`` only."""

    namespace: Namespace
    guarded: Pod
    stranger: Pod
    friend: Pod

    @classmethod
    def within(cls, namespace: Namespace) -> Trial:
        """Start the pods, the guarded one and the stranger on different nodes where there are two."""
        return cls(namespace, *namespace.pods("guarded", "stranger", "friend"))

    def open(self) -> Expectation:
        """Return what must be seen without a policy."""
        pairs = ((self.stranger, self.guarded), (self.friend, self.guarded), (self.stranger, self.friend))
        cells = {_probe(source, target): Expected(CONNECTS, server=target.name) for source, target in pairs}
        return Expectation("without a policy", cells)

    def pace(self, prober: Prober) -> Pace | None:
        """Return how quick the pods answer without a policy, None when they do not reach each other."""
        pace, table = Pace(prober.patience.hold), prober(self.open())
        pace.note(table)
        return None if table.mismatches() else pace

    def close(self) -> None:
        """Make a policy for each direction: who enforces only one of them does enforce."""
        self.namespace.policy("only-from-the-friend", to=self.guarded, allow=self.friend)
        to_friend = {"podSelector": {"matchLabels": {"k8snet.io/pod": self.friend.name}}}
        spec = {
            "podSelector": {"matchLabels": {"k8snet.io/pod": self.stranger.name}},
            "policyTypes": ["Egress"],
            "egress": [{"to": [to_friend]}],
        }
        kind = {"apiVersion": f"{GROUP}/v1", "kind": "NetworkPolicy"}
        self.namespace.apply(kind | {"metadata": {"name": "only-to-the-friend"}, "spec": spec})

    def closed(self) -> Expectation:
        """Return what must be seen under the policies."""
        because = "one policy lets the guarded pod take, another lets the stranger send, and neither allows this"
        refused = Expected(REJECTED, because=because, target=self.guarded.name)
        cells = dict(self.open().cells) | {self.forbidden: refused}
        return Expectation("the stranger does not reach the guarded pod", cells, convergence=ENFORCE_SECONDS)

    def ignored(self, table: TruthTable) -> bool:
        """Tell whether under the policies all is as without: the stranger connects, and nothing else is wrong."""
        wrong = {probe: seen.outcome for probe, _, seen, _ in table.mismatches()}
        return wrong == {self.forbidden: Outcome.CONNECTED}

    @property
    def forbidden(self) -> Probe:
        """What the policies forbid."""
        return _probe(self.stranger, self.guarded)


def why_not(cluster: Cluster) -> str:
    """Return "" when NetworkPolicy is enforced, UNKNOWN when the pods do not even reach each other without, or why not.

    Makes a namespace for it and removes it.
    """
    refused = [f"{verb} networkpolicies" for verb in VERBS if not cluster.api.may(verb, "networkpolicies", group=GROUP)]
    refused += [f"{verb} {resource}" for verb, resource in OF_CASES if not cluster.api.may(verb, resource)]
    if refused:
        return f"these credentials may not {', '.join(refused)}, which the checks of policies need; see docs/rbac.yaml"
    prober = cluster.attachment.prober
    with cluster.namespace("policy enforcement") as namespace:
        trial = Trial.within(namespace)
        if (pace := trial.pace(prober)) is None:
            return UNKNOWN
        trial.close()
        table = prober(pace.given_to(trial.closed(), {trial.forbidden}))
    return NOT_ENFORCED if trial.ignored(table) else ""


def _probe(source: Pod, target: Pod) -> Probe:
    return Probe(source, target.addresses[0], target.port, Protocol.TCP, target.name, target_node=target.node)
