"""Whether a cluster enforces NetworkPolicy is concluded only from what can mean nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.policy.enforcement import ENFORCE_SECONDS, NOT_ENFORCED, UNKNOWN, Trial, why_not
from pytest_k8snet.probe.controls import unproved
from pytest_k8snet.probe.observation import Expectation, Identity, Observation, Outcome, Pod, Probe
from pytest_k8snet.probe.patience import Patience
from pytest_k8snet.probe.table import TruthTable

GUARDED, STRANGER, FRIEND = (
    Pod("ns", name, f"node-{number}", (f"10.244.{number}.2", f"fd00::{number}"))
    for number, name in enumerate(("guarded", "stranger", "friend"), 1)
)
NAMES = {pod.addresses[0]: pod.name for pod in (GUARDED, STRANGER, FRIEND)}
EVERY_WAY = {("stranger", "guarded"), ("friend", "guarded"), ("stranger", "friend")}
ALLOWED = EVERY_WAY - {("stranger", "guarded")}


class MadeUp:
    """A cluster of which is said which ways are open without and with the policy; remembers what was done."""

    patience = Patience()

    def __init__(self, without: set[tuple[str, str]], under: set[tuple[str, str]], refused: str = "") -> None:
        self.ways = without
        self._under = under
        self.done: list[str] = []
        self.asked: list[Expectation] = []
        self.api = SimpleNamespace(may=lambda verb, resource, group="": verb != refused)
        self.attachment = SimpleNamespace(prober=self)

    @contextmanager
    def namespace(self, purpose: str) -> Iterator[Any]:
        self.done.append("namespace made")
        yield self
        self.done.append("namespace removed")

    def pods(self, *names: str) -> tuple[Pod, ...]:
        assert names == ("guarded", "stranger", "friend")
        return GUARDED, STRANGER, FRIEND

    def policy(self, name: str, *, to: Pod, allow: Pod) -> None:
        assert (to, allow) == (GUARDED, FRIEND)
        self.done.append("policy made")
        self.ways = self._under

    def apply(self, manifest: dict[str, Any]) -> None:
        assert manifest["spec"]["policyTypes"] == ["Egress"]

    def __call__(self, expectation: Expectation) -> TruthTable:
        self.asked.append(expectation)
        return TruthTable(expectation, {probe: self._seen(probe) for probe in expectation.cells}, None)

    def _seen(self, probe: Probe) -> Observation:
        name = NAMES[probe.address]
        if (probe.source.name, name) not in self.ways:
            return Observation(Outcome.TIMEOUT, 1000.0)
        server = Identity(name, "", "", (), probe.source.addresses[0], 1)
        return Observation(Outcome.CONNECTED, 1.0, server=server)


@pytest.mark.parametrize(
    ("without", "under", "reason"),
    [
        (EVERY_WAY, ALLOWED, ""),
        (EVERY_WAY, EVERY_WAY, NOT_ENFORCED),
        (EVERY_WAY, {("stranger", "friend")}, ""),  # too much is enforced: for other checks to judge
        (EVERY_WAY, set(), ""),
        (EVERY_WAY, {("stranger", "guarded")}, ""),
        (ALLOWED, ALLOWED, UNKNOWN),
        (set(), set(), UNKNOWN),
    ],
)
def test_only_a_policy_without_any_effect_is_not_enforced(
    without: set[tuple[str, str]], under: set[tuple[str, str]], reason: str
) -> None:
    cluster = MadeUp(without, under)
    assert why_not(cast(Cluster, cluster)) == reason
    assert cluster.done[0] == "namespace made"
    assert cluster.done[-1] == "namespace removed"
    assert ("policy made" in cluster.done) == (reason != UNKNOWN)
    assert [asked.convergence for asked in cluster.asked[1:]] == [ENFORCE_SECONDS] * (reason != UNKNOWN)


@pytest.mark.parametrize("verb", ["create", "patch", "delete"])
def test_without_permission_nothing_is_made_and_the_reason_says_where_to_get_it(verb: str) -> None:
    cluster = MadeUp(EVERY_WAY, EVERY_WAY, refused=verb)
    reason = why_not(cast(Cluster, cluster))
    assert reason.startswith(f"these credentials may not {verb} networkpolicies")
    assert reason.endswith("; see docs/rbac.yaml")
    assert cluster.done == []


def test_that_the_stranger_is_kept_out_has_its_positive_controls() -> None:
    trial = Trial.within(cast(Namespace, MadeUp(EVERY_WAY, ALLOWED)))
    assert unproved(trial.closed()) == []
    assert {pod.node for pod in (trial.guarded, trial.stranger)} == {"node-1", "node-2"}
