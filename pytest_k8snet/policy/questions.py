"""The truth table of a step: every pod asks every pod, and the oracle says what each must see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from pytest_k8snet.oracle.policy_world import Verdict
from pytest_k8snet.policy.arena import Arena
from pytest_k8snet.policy.cases import Route
from pytest_k8snet.policy.world import judged
from pytest_k8snet.probe.controls import lacking
from pytest_k8snet.probe.observation import CONNECTS, REJECTED, Expectation, Expected, Family, Probe, Protocol


class Question(NamedTuple):
    """May ``source`` connect to ``target``? In the case's names; ``protocol`` is TCP, UDP or SCTP."""

    source: str
    target: str
    family: Family
    protocol: str
    port: int
    route: Route


def questions(arena: Arena, route: Route, ports: Collection[int], protocols: Collection[str]) -> dict[Probe, Question]:
    """Return every question between two pods of the arena, by the probe that asks it.

    Pods do not ask themselves: the API leaves open whether a policy concerns that.
    """
    return {
        _probe(arena, source, target, address, protocol, port): Question(source, target, family, protocol, port, route)
        for target in arena.pods
        for family, address in _addresses(arena, route, target)
        for source in arena.pods
        if source != target
        for protocol in protocols
        for port in ports
    }


def _probe(arena: Arena, source: str, target: str, address: str, protocol: str, port: int) -> Probe:
    node = arena.pods[target].node
    return Probe(arena.pods[source], address, port, Protocol(protocol.lower()), f"{target}:{port}", target_node=node)


def _addresses(arena: Arena, route: Route, target: str) -> Iterator[tuple[Family, str]]:
    if route is Route.NAME:
        yield arena.cluster.families[0], arena.service_name(target)
        return
    for address in arena.state.pods[target].service if route is Route.CLUSTER_IP else arena.pods[target].addresses:
        yield Family.of(address), address


def all_connect(title: str, arena: Arena, asked: Mapping[Probe, Question], seconds: float | None = None) -> Expectation:
    """Expect everything to connect within ``seconds``, as it does without policies."""
    because = "there is no policy"
    cells = {
        probe: Expected(CONNECTS, server=arena.pods[question.target].name, because=because)
        for probe, question in asked.items()
    }
    return Expectation(title, cells, convergence=seconds)


def as_the_oracle_says(
    title: str, arena: Arena, asked: Mapping[Probe, Question], proved: Collection[Question]
) -> Expectation:
    """Expect what the policies of the arena allow and deny. ``proved`` connects when there is no policy.

    What the API leaves open is not asked, nor what must not connect and was never shown to connect.
    """
    cells: dict[Probe, Expected] = {}
    undefined: Counter[str] = Counter()
    for probe, question in asked.items():
        judgement = judged(arena.state, *question)
        target = arena.pods[question.target].name
        if judgement.verdict is Verdict.UNDEFINED:
            undefined[judgement.because] += 1
        elif judgement.verdict is Verdict.ALLOWED:
            cells[probe] = Expected(CONNECTS, server=target, because=judgement.because)
        else:
            cells[probe] = Expected(REJECTED, target=target, because=judgement.because)
    controlled = frozenset(probe for probe in cells if asked[probe] in proved)
    unproved = lacking(Expectation(title, cells, controlled=controlled)).keys()
    notes = [f"{number} cells are not asked: {why}" for why, number in undefined.items()]
    notes += [f"{len(unproved)} cells are not asked: it was not shown that they connect otherwise"] if unproved else []
    kept = {probe: expected for probe, expected in cells.items() if probe not in unproved}
    return Expectation(title, kept, notes=tuple(notes), controlled=controlled)
