"""Tables for Services: who asks at which doors, and what the oracle says must be seen there."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from itertools import chain

from pytest_k8snet.oracle.service import Client, Verdict, Where, judge
from pytest_k8snet.probe.observation import (
    CONNECTS,
    REJECTED,
    Expectation,
    Expected,
    Family,
    Outcome,
    Pod,
    Probe,
    Protocol,
    Together,
)
from pytest_k8snet.probe.questions import reach
from pytest_k8snet.services.served import TCP_UDP, Door, Served

LEFT_OUT_BY_CHANCE = 1e-9
# To see that a pod gets nothing new any more: a UDP flow that it has had may go on, and by chance a client takes the
# port of such a flow again. What becomes of UDP flows is asked by a check of its own.
NEW_ONLY = (Protocol.TCP,)
# Every kernel limits how many ICMP errors it sends (RFC 1812, 4.3.2.8), so UDP may also meet silence.
NOT_LEFT_HANGING = {
    Protocol.TCP: frozenset({Outcome.REFUSED, Outcome.RESET, Outcome.UNREACHABLE}),
    Protocol.UDP: REJECTED,
}
SeenAs = Callable[[Pod, Door], str]


def own_address(client: Pod, door: Door) -> str:
    """Return the address that a pod is seen by where nothing changes it; "" for those that have several, or none."""
    probe = Probe(client, door.address, door.port, door.protocol, door.name)
    return "" if client.host_network or not client.addresses else client.address(probe.family)


def through(
    title: str,
    served: Served,
    clients: Collection[Pod],
    doors: Collection[Door],
    *,
    tries: int = 1,
    spread: bool = False,
    seen_as: SeenAs | None = None,
    may_hang: bool = True,
    controls: Collection[Expectation] = (),
    target: Pod | None = None,
) -> Expectation:
    """Expect what the oracle says of each client at each door, ``tries`` times where somebody answers.

    With ``spread`` it is asked as often as it takes for every endpoint to answer. ``seen_as`` tells the address by
    which endpoints must see a client where it has to be unchanged. Where nobody may answer, ``controls`` show that the
    client and the ``target`` live; with ``may_hang`` silence is as good as a refusal there.
    """
    cells = dict(chain.from_iterable(control.cells.items() for control in controls))
    together = []
    for client in clients:
        for door in doors:
            verdict = judge(served.promised, _client(client), door.way, door.node)
            if verdict.left_open:
                continue
            probes = [_probe(client, door, attempt) for attempt in range(_number(verdict, tries, spread))]
            source = seen_as(client, door) if seen_as and verdict.unchanged_source else ""
            cells |= dict.fromkeys(probes, _expected(verdict, door, source, may_hang, target))
            if verdict.pods and verdict.spread and spread:
                together.append(Together(frozenset(probes), every=verdict.pods))
    if not cells:
        raise ValueError(f"{title}: no client asks at any door, so nothing would be proved")
    return Expectation(title, cells, together=tuple(together))


def enough(endpoints: int) -> int:
    """Return how many connections it takes that none of the endpoints is left out by chance."""
    if endpoints < 2:
        return 1
    return math.ceil(math.log(LEFT_OUT_BY_CHANCE / endpoints) / math.log(1 - 1 / endpoints))


def _number(verdict: Verdict, tries: int, spread: bool) -> int:
    if not verdict.pods:
        return 1
    return max(tries, enough(len(verdict.pods))) if spread and verdict.spread else tries


def nobody(
    title: str, clients: Collection[Pod], doors: Collection[Door], because: str, *controls: Expectation, target: Pod
) -> Expectation:
    """Expect that nobody answers at doors that are none, or are no more; ``controls`` show that ``target`` lives."""
    cells = dict(chain.from_iterable(control.cells.items() for control in controls))
    for client in clients:
        for door in doors:
            cells[_probe(client, door, 0)] = Expected(REJECTED, because=because, target=target.name)
    return Expectation(title, cells)


def same_server(
    title: str, served: Served, clients: Collection[Pod], doors: Collection[Door], tries: int
) -> Expectation:
    """Expect that each client is answered by one and the same endpoint at each door, whichever that is."""
    asked = through(title, served, clients, doors, tries=tries)
    groups: dict[tuple[Pod, str, Protocol], set[Probe]] = {}
    for probe in asked.cells:
        groups.setdefault((probe.source, probe.address, probe.protocol), set()).add(probe)
    return Expectation(
        title, asked.cells, together=tuple(Together(frozenset(probes), same=True) for probes in groups.values())
    )


def _client(pod: Pod) -> Client:
    # A host outside the cluster is no API object, so it has no addresses that the API tells.
    where = Where.OUTSIDE if not pod.addresses else Where.NODE if pod.host_network else Where.POD
    return Client(pod.name, "" if where is Where.OUTSIDE else pod.node, where)


def _probe(client: Pod, door: Door, attempt: int) -> Probe:
    return Probe(client, door.address, door.port, door.protocol, door.name, target_node=door.node, attempt=attempt)


def _expected(verdict: Verdict, door: Door, source: str, may_hang: bool, target: Pod | None) -> Expected:
    if verdict.pods:
        return Expected(CONNECTS, source=source, because=verdict.because, servers=verdict.pods)
    strict = verdict.rejected and not may_hang
    outcomes = NOT_LEFT_HANGING[door.protocol] if strict else REJECTED
    return Expected(outcomes, because=verdict.because, target=target.name if target else "")


def inside(
    title: str,
    served: Served,
    clients: Collection[Pod],
    families: Collection[Family],
    *,
    tries: int = 8,
    spread: bool = False,
    may_hang: bool = True,
    target: Pod | None = None,
    protocols: Collection[Protocol] = TCP_UDP,
) -> Expectation:
    """Expect what the oracle says at the cluster addresses of all families; the ``target`` is asked directly, too."""
    controls = [alive(clients, target, family) for family in families] if target else []
    return merged(
        title,
        *controls,
        *(
            through(
                title,
                served,
                clients,
                served.inside(family, protocols),
                tries=tries,
                spread=spread,
                may_hang=may_hang,
                target=target,
            )
            for family in families
        ),
    )


def alive(clients: Collection[Pod], target: Pod, family: Family) -> Expectation:
    """Expect that each client reaches the target at its own address: the control for what must not connect."""
    return reach("directly", clients, [target], family, TCP_UDP, which=lambda *_: True)


def merged(title: str, *asked: Expectation) -> Expectation:
    """Return one table of several."""
    cells: Mapping[Probe, Expected] = dict(chain.from_iterable(one.cells.items() for one in asked))
    return Expectation(title, cells, together=tuple(chain.from_iterable(one.together for one in asked)))
