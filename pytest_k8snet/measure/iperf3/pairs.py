"""What a TCP stream gets between pods of each two nodes, beside one between these nodes themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.iperf3.bench import Site
from pytest_k8snet.measure.iperf3.beside import beside
from pytest_k8snet.measure.iperf3.course import Course
from pytest_k8snet.measure.judged import Judged
from pytest_k8snet.measure.rounds import FEWEST_ROUNDS, Plan
from pytest_k8snet.measure.verdict import Limit

LONGEST_SECONDS = 1.0
"""Of one run: there are many, and a pair that is slow is so from the first second on."""
SLOW = 0.5
"""From below which share of the median of its peers on a pair is worth a sentence."""

Pair = tuple[str, str]
Opening = Callable[[Site, Site], Course]
"""Makes what measures from a client to a server, once that is reached. Raises MeasurementError when it is not."""


@dataclass(frozen=True)
class Streams:
    """What pods get from a node to another or to itself, beside what that node gets to another without pods."""

    pair: Pair
    judged: Judged


def sites(nodes: Sequence[str]) -> list[Site]:
    """Return where a server and a client must be."""
    return [Site(node, host) for host in (True, False) for node in nodes]


def between(nodes: Sequence[str], opened: Opening, limit: Limit, plan: Plan) -> list[Streams]:
    """Measure and judge the pods of each two nodes, and of each node, in both directions.

    Each pair has rounds of its own, and a first look after FEWEST_ROUNDS; the budget of the plan is shared by all.
    Pods of one node are compared with what that node and the next one get.
    """
    directions = [(source, target) for source in nodes for target in nodes if source != target]
    looks = (FEWEST_ROUNDS, *(look for look in plan.looks if look > FEWEST_ROUNDS))
    each = replace(plan, looks=looks, budget=plan.budget / max(len(directions), 1))
    found = [one for pair in directions for one in _streams(pair, _compared(pair, nodes), opened, limit, each)]
    return sorted(found, key=lambda one: [nodes.index(node) for node in one.pair])


def _compared(pair: Pair, nodes: Sequence[str]) -> list[Pair]:
    source, target = pair
    following = nodes[(nodes.index(source) + 1) % len(nodes)]
    return [pair, (source, source)] if target == following else [pair]


def _streams(hosts: Pair, pairs: Sequence[Pair], opened: Opening, limit: Limit, plan: Plan) -> Iterator[Streams]:
    source, target = hosts
    baseline = partial(opened, Site(source, host=True), Site(target, host=True))
    subjects = {named(pair): partial(opened, Site(pair[0]), Site(pair[1])) for pair in pairs}
    found = beside(f"nodes, {source} -> {target}", baseline, subjects, limit, plan)
    for pair in pairs:
        one = found[named(pair)]
        yield Streams(pair, one if isinstance(one, Judged) else _without(pair, limit, one))


def _without(pair: Pair, limit: Limit, trouble: MeasurementError) -> Judged:
    return Judged(named(pair), limit, (), (), trouble=trouble, stopped="it could not be measured")


def named(pair: Pair) -> str:
    """Return the name of a pair for people."""
    return f"pods, {pair[0]} -> {pair[1]}"


def of_pods(found: Sequence[Streams]) -> dict[Pair, float]:
    """Return the median of what pods of each pair got, in bits per second."""
    return {one.pair: median(one.judged.subject) for one in found if one.judged.subject}


def of_nodes(found: Sequence[Streams]) -> dict[Pair, float]:
    """Return the median of what the nodes of each pair got themselves, in bits per second."""
    crossing = [one for one in found if one.pair[0] != one.pair[1]]
    return {one.pair: median(one.judged.baseline) for one in crossing if one.judged.baseline}


def slower_than_peers(pods: Mapping[Pair, float], nodes: Mapping[Pair, float]) -> Iterator[str]:
    """Yield a sentence for each pair that is much slower than the others between nodes: the pods, or the nodes too."""
    crossing = {pair: value for pair, value in pods.items() if pair in nodes}
    for pair in crossing:
        share, alone = _of_peers(pair, crossing), _of_peers(pair, nodes)
        if share is None or alone is None or share >= SLOW:
            continue
        where = "the nodes' own link is slow" if alone < SLOW else "the nodes' own link is not"
        yield (
            f"{named(pair)}: {share:.2f} of the median of the other pairs; between the nodes themselves it is "
            f"{alone:.2f} of theirs: {where}"
        )


def _of_peers(pair: Pair, values: Mapping[Pair, float]) -> float | None:
    others = [value for other, value in values.items() if other != pair]
    return values[pair] / median(others) if others else None
