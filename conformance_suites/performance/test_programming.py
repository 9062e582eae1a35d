"""How long until changes hold for packets: new pods, new Services, policies; beside other changes."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import pytest

from conformance_suites.clauses import NETWORK_PROGRAMMING_LATENCY, POLICY_POD_LIFECYCLE
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.measure.programming.changes import Changes, repeated
from pytest_k8snet.measure.programming.churn import churning
from pytest_k8snet.measure.programming.holding import Took
from pytest_k8snet.measuring import Measuring
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.services.backends import not_permitted

NEEDS = ("two_nodes",)


@pytest.fixture(scope="module")
def targets(cluster: Cluster, namespace: Namespace) -> tuple[Pod, Pod]:
    """Return two pods that policies and Services are made for."""
    if reason := not_permitted(cluster.api):
        pytest.skip(reason)
    first, second = namespace.replicas("target")
    return first, second


@pytest.fixture
def changes(cluster: Cluster, namespace: Namespace, targets: tuple[Pod, Pod], measure: Measuring) -> Iterator[Changes]:
    """Return who makes changes, beside those in the background that the profile wants."""
    asking = cluster.fleet.pods[0]
    made = Changes(cluster, namespace, asking, measure.takes_hold)
    if not made.reached(*targets):
        pytest.skip(f"{asking.name} does not reach the pods that are changed; see MODEL-010 to 012")
    with churning(cluster, namespace, {"k8snet.io/pod": targets[0].name}, measure.churn) as background:
        yield made
        measure.note(background.told())


def late(measure: Measuring, what: str, found: list[Took | None], see: str) -> list[str]:
    """Record how long changes took and return those that took too long, in words; skip what never takes hold."""
    took = [one for one in found if one is not None]
    if len(took) < len(found):
        pytest.skip(f"{what}: it did not take hold at all; see {see}")
    measure.figure(f"{what}, median of {len(took)}", median(one.seconds for one in took), "s")
    measure.figure(f"{what}, slowest", max(one.seconds for one in took), "s")
    measure.figure(f"{what}, resolution", max(one.resolution for one in took), "s")
    return [
        f"{what} took {one.seconds:.2f} s, more than {measure.takes_hold:g} s"
        for one in took
        if one.seconds - one.resolution > measure.takes_hold
    ]


@check("PERF-140", spec=NETWORK_PROGRAMMING_LATENCY, level="performance", requires=NEEDS, catches=("new-pods-late",))
def test_a_pod_is_reached_soon_after_it_is_ready(changes: Changes, measure: Measuring) -> None:
    """A pod that has become Ready answers pods of other nodes within seconds, beside other changes."""
    found = repeated(measure.changes, changes.pod_is_reached)
    assert late(measure, "from Ready to reached", found, "MODEL-040") == []


@check("PERF-141", spec=NETWORK_PROGRAMMING_LATENCY, level="performance", requires=NEEDS, catches=("endpoints-late",))
def test_a_service_answers_soon_after_it_is_made(
    changes: Changes, measure: Measuring, targets: tuple[Pod, Pod]
) -> None:
    """A Service in front of a pod that is Ready answers within seconds after it was asked for, beside other changes."""
    found = repeated(measure.changes, lambda number: changes.service_is_reached(number, targets[1]))
    assert late(measure, "from made to reached", found, "SVC-001") == []


@check(
    "PERF-142",
    spec=POLICY_POD_LIFECYCLE,
    level="performance",
    requires=(*NEEDS, "policy_enforced"),
    catches=("policy-late",),
)
def test_a_policy_is_enforced_soon_after_it_is_made(
    changes: Changes, measure: Measuring, targets: tuple[Pod, Pod]
) -> None:
    """A policy that denies takes effect within seconds, and so does its deletion, beside other changes."""
    target, control = targets
    lifted: list[Took | None] = []

    def deny_for_a_while(_: int) -> Took | None:
        took = changes.policy_is_enforced(target, control)
        lifted.append(changes.policy_is_lifted(target))
        return took

    denied = repeated(measure.changes, deny_for_a_while)
    slow = late(measure, "from made to denied", denied, "the checks of the area policy")
    assert slow + late(measure, "from deleted to reached", lifted, "the checks of the area policy") == []
