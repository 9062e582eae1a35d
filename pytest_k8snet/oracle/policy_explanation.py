"""The whole explanation of a judgement, as lines for documents and for failures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_k8snet.oracle.network_policy import judge, judge_service, selecting_policies, side_of
from pytest_k8snet.oracle.policy_rules import EGRESS, INGRESS, Finding, View, findings
from pytest_k8snet.oracle.policy_wording import peers_written, policy_name, ports_written
from pytest_k8snet.oracle.policy_world import Backend, Connection, Frontend, Party, Verdict, World


def explain(world: World, connection: Connection) -> list[str]:
    """Return the verdict on a connection, and of each side its policies with what each rule allows."""
    judgement = judge(world, connection)
    return [f"{_title(connection)}: {judgement.verdict}", *_sides(world, connection, None)]


def explain_service(world: World, source: Party, frontend: Frontend, backends: Sequence[Backend]) -> list[str]:
    """Return the verdict on a connection to a Service, and the explanation at each of its backends."""
    judgement = judge_service(world, source, frontend, backends)
    lines = [
        f"{source.shown} -> Service {frontend.address} {frontend.protocol} {frontend.port}: {judgement.verdict}, "
        f"because {judgement.because}"
    ]
    for backend in backends:
        connection = Connection(source, backend.pod, frontend.protocol, backend.port)
        lines += [f"  at {backend.pod.shown} ({backend.pod.address}) {frontend.protocol} {backend.port}"]
        lines += [f"  {line}" for line in _sides(world, connection, frontend)]
    return lines


def _title(connection: Connection) -> str:
    ends = " -> ".join(f"{end.shown} ({end.address})" for end in (connection.source, connection.target))
    return f"{ends} {connection.protocol} {connection.port}"


def _sides(world: World, connection: Connection, frontend: Frontend | None) -> Iterator[str]:
    for direction in (EGRESS, INGRESS):
        view = View(direction, connection, frontend)
        side = side_of(world, view)
        yield f"  {direction.lower()} of {view.own.shown}: {side.verdict}, because {side.because}"
        for policy in selecting_policies(world, view):
            rules = list(findings(world, policy, view))
            yield f"    {policy_name(policy)} selects it" + ("" if rules else f" and has no {direction.lower()} rules")
            yield from (f"      rule {finding.index} allows {_rule(finding, view)}" for finding in rules)


def _rule(finding: Finding, view: View) -> str:
    what = f"{peers_written(finding, view)} at {ports_written(finding)}"
    if finding.answer.verdict == Verdict.UNDEFINED:
        return f"{what}: left open, {finding.answer.because}"
    missing = [
        word for word, answer in (("peer", finding.peers), ("port", finding.ports)) if answer.verdict == Verdict.DENIED
    ]
    return f"{what}: " + (" and ".join(f"not this {word}" for word in missing) or "fits")
