"""Whether cluster-wide policies are enforced is concluded only from what can mean nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.errors import ApiError
from pytest_k8snet.policy.enforcement import UNKNOWN
from pytest_k8snet.policy.tier_enforcement import NEW, OLD, PLURALS, VERBS, not_enforced, why_no_baseline, why_not
from pytest_k8snet.probe.observation import Expectation, Identity, Observation, Outcome, Pod, Probe
from pytest_k8snet.probe.patience import Patience
from pytest_k8snet.probe.table import TruthTable

PODS = {
    name: Pod("ns", name, f"node-{number}", (f"10.244.{number}.2",))
    for number, name in enumerate(("guarded", "stranger", "friend"), 1)
}
NAMES = {pod.addresses[0]: name for name, pod in PODS.items()}
EVERY_WAY = {("stranger", "guarded"), ("friend", "guarded"), ("stranger", "friend")}
ENFORCED = EVERY_WAY - {("stranger", "guarded")}


class MadeUp:
    """A cluster of which is said what it serves, and which ways are open without and with policies."""

    patience = Patience()

    def __init__(
        self, without: set[tuple[str, str]] = EVERY_WAY, under: set[tuple[str, str]] = ENFORCED, **facts: Any
    ) -> None:
        self.policies: dict[str, Any] = {}
        self.made: list[Any] = []
        self._without, self._under = without, under
        self._facts = facts
        self.name = "ns"
        self.api = self
        state = SimpleNamespace(namespace="k8snet-run", run_id="run")
        self.attachment = SimpleNamespace(prober=self, state=state)

    def serves(self, version: str, kind: str) -> bool:
        assert version.startswith("policy.networking.k8s.io/v1alpha")
        return kind not in self._facts.get("unknown", ())

    def may(self, verb: str, resource: str, group: str) -> bool:
        assert (resource in PLURALS.values(), group) == (True, "policy.networking.k8s.io")
        return verb != self._facts.get("refused")

    def get(self, version: str, kind: str, name: str) -> Any:
        if kind == "Namespace" or self._facts.get("baseline"):
            return {"metadata": {"name": name, "uid": "1"}}
        raise ApiError("not found", status=404)

    def apply(self, policy: Any) -> None:
        if wrong := self._facts.get("invalid"):
            raise ApiError(wrong, status=422)
        self.made.append(policy)
        self.policies[policy["metadata"]["name"]] = policy

    def delete(self, version: str, kind: str, name: str) -> None:
        self.policies.pop(name, None)

    @contextmanager
    def namespace(self, purpose: str) -> Iterator[Any]:
        yield self

    def pods(self, *names: str) -> tuple[Pod, ...]:
        return tuple(PODS[name] for name in names)

    def __call__(self, expectation: Expectation) -> TruthTable:
        return TruthTable(expectation, {probe: self._seen(probe) for probe in expectation.cells}, None)

    def _seen(self, probe: Probe) -> Observation:
        name = NAMES[probe.address]
        if (probe.source.name, name) not in (self._under if self.policies else self._without):
            return Observation(Outcome.TIMEOUT, 1000.0)
        return Observation(Outcome.CONNECTED, 1.0, server=Identity(name, "", "", (), probe.source.addresses[0], 1))


@pytest.mark.parametrize("kind", [NEW, OLD])
@pytest.mark.parametrize(
    ("without", "under", "reason"),
    [
        (EVERY_WAY, ENFORCED, ""),
        (EVERY_WAY, EVERY_WAY, "{} is served but not enforced by this cluster"),
        (EVERY_WAY, set(), ""),
        (ENFORCED, ENFORCED, UNKNOWN),
    ],
)
def test_only_policies_without_any_effect_are_not_enforced(
    kind: str, without: set[tuple[str, str]], under: set[tuple[str, str]], reason: str
) -> None:
    cluster = MadeUp(without, under)
    assert why_not(cast(Cluster, cluster), kind) == reason.format(kind)
    assert cluster.policies == {}


def test_each_direction_is_denied_by_a_policy_about_one_pod_of_the_own_namespace() -> None:
    cluster = MadeUp()
    assert why_not(cast(Cluster, cluster), NEW) == ""
    into, out = cluster.made
    where = {"matchLabels": {"kubernetes.io/metadata.name": "ns"}}
    guarded, stranger = (
        {"pods": {"namespaceSelector": where, "podSelector": {"matchLabels": {"k8snet.io/pod": name}}}}
        for name in ("guarded", "stranger")
    )
    assert (into["spec"]["subject"], into["spec"]["ingress"]) == (guarded, [{"action": "Deny", "from": [stranger]}])
    assert (out["spec"]["subject"], out["spec"]["egress"]) == (stranger, [{"action": "Deny", "to": [guarded]}])
    assert {policy["spec"]["tier"] for policy in cluster.made} == {"Admin"}


def test_the_forerunner_has_no_tier() -> None:
    cluster = MadeUp()
    assert why_not(cast(Cluster, cluster), OLD) == ""
    assert {policy["apiVersion"] for policy in cluster.made} == {"policy.networking.k8s.io/v1alpha1"}
    assert not any("tier" in policy["spec"] for policy in cluster.made)


def test_a_kind_that_is_not_served_is_not_tried() -> None:
    cluster = MadeUp(unknown=[NEW])
    reason = why_not(cast(Cluster, cluster), NEW)
    assert reason == "this cluster does not serve ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2)"
    assert cluster.made == []


@pytest.mark.parametrize("verb", VERBS)
def test_without_permission_nothing_is_made(verb: str) -> None:
    cluster = MadeUp(refused=verb)
    reason = why_not(cast(Cluster, cluster), NEW)
    assert reason.startswith(f"these credentials may not {verb} clusternetworkpolicies")
    assert cluster.made == []


def test_an_api_that_refuses_the_policies_is_said_with_its_words() -> None:
    reason = why_not(cast(Cluster, MadeUp(invalid="spec.tier: no such field")), NEW)
    assert reason == "the API refuses a ClusterNetworkPolicy: spec.tier: no such field"


def test_a_baseline_of_the_clusters_own_is_left_alone() -> None:
    assert why_no_baseline(cast(Cluster, MadeUp())) == ""
    assert "has a BaselineAdminNetworkPolicy already" in why_no_baseline(cast(Cluster, MadeUp(baseline=True)))


def test_the_verdict_names_the_kind() -> None:
    assert not_enforced(OLD) == "AdminNetworkPolicy is served but not enforced by this cluster"
