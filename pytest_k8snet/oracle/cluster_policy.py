"""What cluster-wide policies and NetworkPolicies together say of a connection, tier by tier.

AdminNetworkPolicy and BaselineAdminNetworkPolicy (policy.networking.k8s.io/v1alpha1) and ClusterNetworkPolicy
(v1alpha2). The Admin tier decides first, then NetworkPolicy for the pods that it selects, then the Baseline tier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from pytest_k8snet.oracle.cluster_rules import Action, Tier, is_subject, priority_of, rules_of, tier_of
from pytest_k8snet.oracle.network_policy import exemption, joined, of_backends, selecting_policies, side_of
from pytest_k8snet.oracle.policy_rules import EGRESS, INGRESS, View
from pytest_k8snet.oracle.policy_world import (
    Backend,
    Connection,
    Frontend,
    Judgement,
    Manifest,
    Party,
    Side,
    Verdict,
    World,
)

# What may become of a connection in a policy or a tier, and why; None: no rule decides.
Outcomes = Mapping[Action | None, str]


def judge_tiers(world: World, cluster_policies: Sequence[Manifest], connection: Connection) -> Judgement:
    """Say whether cluster-wide policies and the NetworkPolicies of a world allow a connection without a Service.

    UNDEFINED beside what NetworkPolicy leaves open: policies of one tier and priority that would decide otherwise each,
    and rules by domain names. Raise ValueError for a policy of another kind.
    """
    return _judge(world, cluster_policies, connection, None)


def judge_tiers_service(
    world: World,
    cluster_policies: Sequence[Manifest],
    source: Party,
    frontend: Frontend,
    backends: Sequence[Backend],
) -> Judgement:
    """Say whether they allow a connection to a Service: at each backend and target port, as after DNAT.

    UNDEFINED beside what ``judge_tiers`` and ``judge_service`` leave open: an address that is no cluster address, and
    ``networks`` that tell the Service's address from the backend's. Raise ValueError without backends.
    """
    if not backends:
        raise ValueError(f"the Service at {frontend.address} has no backend; policies say nothing of its connections")
    if frontend.external:
        why = f"what cluster-wide policies see of a connection through {frontend.address} is left open"
        return Judgement(Verdict.UNDEFINED, why)
    connections = (Connection(source, backend.pod, frontend.protocol, backend.port) for backend in backends)
    return of_backends([_judge(world, cluster_policies, one, frontend) for one in connections], backends)


def _judge(
    world: World, cluster_policies: Sequence[Manifest], connection: Connection, frontend: Frontend | None
) -> Judgement:
    views = (View(direction, connection, frontend) for direction in (EGRESS, INGRESS))
    return joined(_side(world, cluster_policies, view) for view in views)


def _side(world: World, cluster_policies: Sequence[Manifest], view: View) -> Side:
    """Join all that may happen: one certain verdict, or several and so none."""
    found = list(_possible(world, cluster_policies, view))
    verdicts = dict.fromkeys(side.verdict for side in found)
    selecting = tuple(dict.fromkeys(name for side in found for name in side.selecting))
    if len(verdicts) == 1:
        return found[0]
    reasons = dict.fromkeys(side.because for side in found)
    return Side(view.direction, Verdict.UNDEFINED, f"it is left open which holds: {'; or '.join(reasons)}", selecting)


def _possible(world: World, cluster_policies: Sequence[Manifest], view: View) -> Iterator[Side]:
    """Yield what may become of the connection on one side, tier by tier."""
    admin = _subjects_policies(world, cluster_policies, Tier.ADMIN, view)
    baseline = _subjects_policies(world, cluster_policies, Tier.BASELINE, view)
    for action, because in _tier_outcomes(world, admin, view).items():
        if action in (Action.ACCEPT, Action.DENY):
            yield _final(action, because, admin, view)
        elif selecting_policies(world, view):
            yield side_of(world, view)
        else:
            yield from _last(world, baseline, view)


def _last(world: World, baseline: Sequence[Manifest], view: View) -> Iterator[Side]:
    for action, because in _tier_outcomes(world, baseline, view).items():
        if action in (Action.ACCEPT, Action.DENY):
            yield _final(action, because, baseline, view)
        else:
            yield side_of(world, view)


def _final(action: Action | None, because: str, policies: Sequence[Manifest], view: View) -> Side:
    names = tuple(f"{policy['kind']} {policy['metadata']['name']}" for policy in policies)
    if action == Action.ACCEPT:
        return Side(view.direction, Verdict.ALLOWED, because, names)
    if reason := exemption(view):
        return Side(view.direction, Verdict.UNDEFINED, f"{because}, but {reason}", names)
    return Side(view.direction, Verdict.DENIED, because, names)


def _subjects_policies(
    world: World, cluster_policies: Sequence[Manifest], tier: Tier, view: View
) -> Sequence[Manifest]:
    """Return the policies of a tier that apply to the own end, in the order in which they are asked."""
    found = [policy for policy in cluster_policies if tier_of(policy) == tier and is_subject(world, policy, view.own)]
    return sorted(found, key=lambda policy: (priority_of(policy), str(policy["metadata"]["name"])))


def _tier_outcomes(world: World, policies: Sequence[Manifest], view: View) -> Outcomes:
    """Return what a tier may do: the first priority that matches decides, any of its policies if there are several."""
    outcomes: dict[Action | None, str] = {}
    for _, equals in groupby(policies, key=priority_of):
        of_each = [_policy_outcomes(world, policy, view) for policy in equals]
        for action, because in (item for one in of_each for item in one.items()):
            if action is not None:
                outcomes.setdefault(action, because)
        if not all(None in one for one in of_each):
            return outcomes
    return outcomes | {None: ""}


def _policy_outcomes(world: World, policy: Manifest, view: View) -> Outcomes:
    """Return what a policy may do: the first rule that matches decides."""
    outcomes: dict[Action | None, str] = {}
    for rule in rules_of(policy, view.direction):
        answer = rule.matches(world, view)
        if answer.verdict == Verdict.DENIED:
            continue
        why = f", if {answer.because}" if answer.because else ""
        outcomes.setdefault(rule.action, f"{rule.name} says {rule.action}{why}")
        if answer.verdict == Verdict.ALLOWED:
            return outcomes
    return outcomes | {None: ""}
