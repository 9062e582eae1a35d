"""Sets of probes with what the oracle says of them: the questions that suites ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from pytest_k8snet.oracle import pod_network
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
)

# Every kernel limits how many ICMP errors it sends to one address (RFC 1812, 4.3.2.8), so UDP may also meet silence.
NOBODY = {
    Protocol.TCP: frozenset({Outcome.REFUSED}),
    Protocol.UDP: frozenset({Outcome.REFUSED, Outcome.TIMEOUT}),
}
Which = Callable[[Pod, Pod], bool]
Pair = tuple[Pod, Pod]


def other_pod(source: Pod, target: Pod) -> bool:
    """Choose the pairs of two different pods."""
    return source != target


def same_node(source: Pod, target: Pod) -> bool:
    """Choose the pairs of two pods on one node."""
    return source != target and source.node == target.node


def other_node(source: Pod, target: Pod) -> bool:
    """Choose the pairs across nodes."""
    return source.node != target.node


def itself(source: Pod, target: Pod) -> bool:
    """Choose each pod with itself."""
    return source == target


def reach(
    title: str,
    sources: Collection[Pod],
    targets: Collection[Pod],
    family: Family,
    protocols: Iterable[Protocol],
    *,
    which: Which = other_pod,
    unchanged_source: bool = False,
    size: int = 0,
    dont_fragment: bool = False,
) -> Expectation:
    """Expect each chosen source to reach each target at its address.

    ``unchanged_source`` asks also that the server sees the source's own address, where the model promises it.
    Raises ValueError when no pair is chosen: an empty table would prove nothing.
    """
    cells = {
        Probe(
            source,
            target.address(family),
            target.port,
            protocol,
            target.name,
            size,
            dont_fragment,
            target_node=target.node,
        ): _direct(source, target, family, unchanged_source)
        for protocol in protocols
        for source in sources
        for target in targets
        if which(source, target)
    }
    return _asked(title, cells)


def permitted(
    title: str,
    family: Family,
    protocols: Iterable[Protocol],
    *,
    allowed: Iterable[Pair],
    blocked: Iterable[Pair] = (),
    control: Pod | None = None,
) -> Expectation:
    """Expect the ``allowed`` pairs (source, target at its port) to connect, and the ``blocked`` ones not to.

    A blocked source that may reach nothing else must reach ``control``: one that reaches nothing at all would look
    blocked. Each blocked target must be reached by an allowed source.
    """
    allowed, blocked = list(allowed), list(blocked)
    alive = {source for source, _ in allowed}
    if control is not None:
        allowed += [(source, control) for source, _ in blocked if source not in alive]
    cells: dict[Probe, Expected] = {}
    for protocol in protocols:
        for source, target in allowed:
            cells[_at(source, target, family, protocol)] = Expected(CONNECTS, target.name, because="it is allowed")
        for source, target in blocked:
            cells[_at(source, target, family, protocol)] = Expected(
                REJECTED, target=target.name, because="no rule allows it"
            )
    return _asked(title, cells)


def first_words(
    targets: Collection[Pod], family: Family, protocols: Collection[Protocol]
) -> list[tuple[str, str, int]]:
    """Return what a pod shall ask from its first instruction on: each of the targets, in the words of PodRequest."""
    return [(protocol.value, pod.address(family), pod.port) for pod in targets for protocol in protocols]


def reused(former: Collection[Pod], later: Collection[Pod], family: Family) -> str:
    """Say how many of the ``later`` pods have the address of a ``former`` one: without any, reuse was not tried."""
    freed = {pod.address(family) for pod in former}
    again = sum(pod.address(family) in freed for pod in later)
    return f"{again} of {len(later)} later pods got the {family} address of a former one"


def _at(source: Pod, target: Pod, family: Family, protocol: Protocol) -> Probe:
    column = f"{target.name}:{target.port}"
    return Probe(source, target.address(family), target.port, protocol, column, target_node=target.node)


def closed_port(title: str, pods: Collection[Pod], family: Family, port: int, *, which: Which) -> Expectation:
    """Expect a port on which nobody listens to be refused by the pod itself, beside its port that answers."""
    cells = dict(reach(title, pods, pods, family, (Protocol.TCP, Protocol.UDP), which=which).cells)
    for probe, expected in list(cells.items()):
        column = f"{probe.column}:{port}"
        closed = replace(probe, port=port, column=column)
        because = "nobody listens there, and nothing on the way may answer in the pod's place"
        cells[closed] = Expected(NOBODY[probe.protocol], because=because, target=expected.server)
    return _asked(title, cells)


def arrives_or_is_answered(
    title: str, sources: Collection[Pod], targets: Collection[Pod], family: Family, size: int
) -> Expectation:
    """Expect datagrams of ``size`` with DF to arrive, or to be answered "message too long" where a path is narrower."""
    asked = reach(title, sources, targets, family, (Protocol.UDP,), size=size, dont_fragment=True)
    because = "a path may be narrower than the pods' interfaces, but it must then say so (RFC 1191, 8201)"
    outcomes = CONNECTS | {Outcome.UNREACHABLE}
    cells = {probe: replace(cell, outcomes=outcomes, because=because) for probe, cell in asked.cells.items()}
    return _asked(title, cells)


def too_long(
    title: str, sources: Collection[Pod], targets: Collection[Pod], family: Family, size: int, *, which: Which
) -> Expectation:
    """Expect datagrams of ``size`` with DF to be answered "message too long", beside short ones that arrive."""
    cells = dict(reach(title, sources, targets, family, (Protocol.UDP,), which=which).cells)
    for probe, expected in list(cells.items()):
        long = replace(probe, column=f"{probe.column} {size} B", size=size, dont_fragment=True)
        because = "a packet larger than the path's MTU must be answered, or path MTU discovery fails (RFC 1191, 8201)"
        cells[long] = Expected(frozenset({Outcome.UNREACHABLE}), because=because, target=expected.server)
    return _asked(title, cells)


def not_through(
    title: str, source: Pod, addresses: dict[str, str], pods: Collection[Pod], controls: Collection[Expectation]
) -> Expectation:
    """Expect the pods' undeclared ports not to be reachable at other addresses (name -> address).

    ``controls`` prove that the source and the pods are alive.
    """
    cells = {probe: expected for control in controls for probe, expected in control.cells.items()}
    for name, address in addresses.items():
        for pod in pods:
            for protocol in (Protocol.TCP, Protocol.UDP):
                probe = Probe(source, address, pod.port, protocol, f"{name}:{pod.port}", target_node=pod.node)
                because = f"{pod.name} listens on {pod.port}, but declares no hostPort and no Service"
                cells[probe] = Expected(REJECTED, because=because, target=pod.name)
    return _asked(title, cells)


def at_host_port(title: str, sources: Collection[Pod], target: Pod, address: str, port: int) -> Expectation:
    """Expect a pod's hostPort to answer at its node's address, asked by the pods of other nodes."""
    expected = Expected(CONNECTS, server=target.name, because=f"{target.name} declares hostPort {port}")
    cells = {
        Probe(source, address, port, protocol, f"{target.node}:{port}", target_node=target.node): expected
        for source in sources
        for protocol in (Protocol.TCP, Protocol.UDP)
        if source.node != target.node
    }
    return _asked(title, cells)


def on_localhost(title: str, first: Pod, second: Pod, family: Family) -> Expectation:
    """Expect two containers of one pod to reach each other on the loopback address."""
    loopback = "::1" if family is Family.IPV6 else "127.0.0.1"
    because = "the containers of a pod share one network namespace"
    cells = {
        Probe(source, loopback, target.port, protocol, f"localhost:{target.port}", target_node=target.node): Expected(
            CONNECTS, server=target.name, source=loopback, because=because
        )
        for source, target in ((first, second), (second, first))
        for protocol in (Protocol.TCP, Protocol.UDP)
    }
    return _asked(title, cells)


def at_former_addresses(
    title: str,
    sources: Collection[Pod],
    former: Collection[Pod],
    present: Collection[Pod],
    family: Family,
    protocols: Iterable[Protocol],
) -> Expectation:
    """Expect the present pods at their addresses, and nobody at the addresses that nobody has any more.

    There must be a present pod on the node of each former one, which shows that the node is alive; else ValueError.
    """
    protocols = tuple(protocols)
    cells = dict(reach(title, sources, present, family, protocols).cells)
    taken = {pod.address(family) for pod in present}
    for source in sources:
        for pod in former:
            if (address := pod.address(family)) in taken:
                continue
            alive = _neighbour(pod, present)
            for protocol in protocols:
                probe = Probe(source, address, pod.port, protocol, f"former {pod.name}", target_node=pod.node)
                because = f"{pod.name} had {address} and is gone; {alive} beside it answers"
                cells[probe] = Expected(REJECTED, because=because, target=alive)
    return _asked(title, cells)


def _neighbour(former: Pod, present: Collection[Pod]) -> str:
    for pod in present:
        if pod.node == former.node:
            return pod.name
    raise ValueError(f"{former.name} was on {former.node}, where no pod is left to show that the node lives")


def _direct(source: Pod, target: Pod, family: Family, unchanged_source: bool) -> Expected:
    verdict = pod_network.direct(_party(source, family), _party(target, family))
    seen_source = verdict.source if unchanged_source else ""
    return Expected(CONNECTS, server=verdict.answered_by, source=seen_source, because=verdict.because)


def _party(pod: Pod, family: Family) -> pod_network.Party:
    try:
        address = pod.address(family)
    except KeyError:
        address = pod_network.UNDEFINED
    return pod_network.Party(pod.name, pod.node, address, pod.host_network)


def _asked(title: str, cells: dict[Probe, Expected]) -> Expectation:
    if not cells:
        raise ValueError(f"{title}: no pair of pods was chosen, so nothing would be proved")
    return Expectation(title, cells)
