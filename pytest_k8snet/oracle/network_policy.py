"""What NetworkPolicies say of a connection, and why: https://kubernetes.io/docs/concepts/services-networking/network-policies/.

Policies judge an attempt to connect; its replies are always allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_k8snet.oracle.policy_rules import (
    EGRESS,
    INGRESS,
    Finding,
    View,
    affects,
    findings,
    same_pod,
    selects,
)
from pytest_k8snet.oracle.policy_wording import allowance, denial, policy_name, rule_name
from pytest_k8snet.oracle.policy_world import (
    Answer,
    Backend,
    Connection,
    Frontend,
    Judgement,
    Manifest,
    Party,
    Side,
    Verdict,
    World,
    all_of,
    any_of,
)


def judge(world: World, connection: Connection) -> Judgement:
    """Say whether the policies of a world allow a connection that goes to its target without a Service.

    Raise ValueError if a pod is in a namespace that the world lacks, or a selector has an unknown operator.
    """
    return _judge(world, connection, None)


def judge_service(world: World, source: Party, frontend: Frontend, backends: Sequence[Backend]) -> Judgement:
    """Say whether policies allow a connection to a Service: at each backend and target port, as after DNAT.

    ``backends`` are those that the Service may choose, with addresses in the frontend's family. UNDEFINED if they
    differ, if the choice hits the source itself, if an ipBlock tells the Service's address from the backend's, or if
    policies ask for what the path of an external frontend may change. Raise ValueError without backends.
    """
    if not backends:
        raise ValueError(f"the Service at {frontend.address} has no backend; policies say nothing of its connections")
    connections = (Connection(source, backend.pod, frontend.protocol, backend.port) for backend in backends)
    return of_backends([_judge(world, one, frontend) for one in connections], backends)


def of_backends(judged: Sequence[Judgement], backends: Sequence[Backend]) -> Judgement:
    """Return what is said of a Service that may choose any of these backends."""
    if len({judgement.verdict for judgement in judged}) == 1:
        return judged[0]
    said = ", ".join(
        f"{judgement.verdict} at {backend.pod.shown}" for judgement, backend in zip(judged, backends, strict=True)
    )
    return Judgement(Verdict.UNDEFINED, f"it depends on the backend that the Service chooses: {said}")


def _judge(world: World, connection: Connection, frontend: Frontend | None) -> Judgement:
    return joined(side_of(world, View(direction, connection, frontend)) for direction in (EGRESS, INGRESS))


def joined(both: Iterable[Side]) -> Judgement:
    """Join what both sides say: a certain denial decides, then what is left open."""
    sides = tuple(both)
    verdict = all_of(*(Answer(side.verdict) for side in sides)).verdict
    if verdict == Verdict.ALLOWED:
        deciding = [side for side in sides if side.selecting] or list(sides)
        return Judgement(verdict, " and ".join(dict.fromkeys(side.because for side in deciding)), sides)
    return Judgement(verdict, next(side.because for side in sides if side.verdict == verdict), sides)


def selecting_policies(world: World, view: View) -> tuple[Manifest, ...]:
    """Return the policies that isolate the own end of a connection in a direction, by name."""
    found = (policy for policy in world.policies if affects(policy, view.direction) and selects(policy, view.own))
    return tuple(sorted(found, key=policy_name))


def side_of(world: World, view: View) -> Side:
    """Say what the policies of one end make of a connection."""
    selecting = selecting_policies(world, view)
    names = tuple(policy_name(policy) for policy in selecting)
    if not selecting:
        return Side(view.direction, Verdict.ALLOWED, _not_isolated(view))
    found = [finding for policy in selecting for finding in findings(world, policy, view)]
    decisive = any_of(*(finding.answer for finding in found)).verdict
    if decisive == Verdict.DENIED:
        because = denial(world, view, selecting, found)
    else:
        because = _decided_by(next(finding for finding in found if finding.answer.verdict == decisive), view)
    if decisive == Verdict.DENIED and (reason := exemption(view)):
        return Side(view.direction, Verdict.UNDEFINED, f"{because}, but {reason}", names)
    return Side(view.direction, decisive, because, names)


def _decided_by(finding: Finding, view: View) -> str:
    if finding.answer.verdict == Verdict.ALLOWED:
        return allowance(finding, view)
    return f"{rule_name(finding, view)} leaves it open: {finding.answer.because}"


def _not_isolated(view: View) -> str:
    if not view.own.namespace:
        what = "nodes" if view.own.host_network else "hosts outside the cluster"
        return f"policies do not select {what} ({view.own.shown})"
    return f"no policy isolates {view.own.shown} for {view.direction.lower()}"


def exemption(view: View) -> str:
    """Return why implementations may allow what the rules do not, '' where they must not."""
    own, other = view.own, view.other
    if own.host_network:
        return f"{own.shown} is a hostNetwork pod, which the API lets implementations treat as its node"
    if same_pod(own, other):
        return "a pod cannot block access to itself by the documentation, and implementations differ"
    if other.host_network and other.node and other.node == own.node:
        return (
            f"{other.shown} is on {own.shown}'s own node, whose traffic is always allowed by the documentation, and "
            "implementations differ"
        )
    frontend = view.frontend
    if frontend is None:
        return ""
    if view.direction == EGRESS and frontend.node and frontend.node == own.node:
        return f"{frontend.address} is an address of {own.shown}'s own node, whose traffic is always allowed"
    if view.source_is_lost and frontend.node in ("", own.node):
        return "the path through the Service may give the connection the address of the pod's own node"
    return ""
