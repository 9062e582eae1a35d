"""Questions to name servers as probes, with what is demanded of the answers."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import dns.message

from pytest_k8snet.dns.demands import Demand, no_echo
from pytest_k8snet.dns.reply import Reply, reply_of
from pytest_k8snet.dns.servers import Server
from pytest_k8snet.probe.observation import (
    CONNECTS,
    Expectation,
    Expected,
    Family,
    Observation,
    Outcome,
    Pod,
    Probe,
    Protocol,
)
from pytest_k8snet.probe.table import TruthTable

UDP_TCP = (Protocol.UDP, Protocol.TCP)
KIND = {Family.IPV4: "A", Family.IPV6: "AAAA"}


class Question(NamedTuple):
    """``name`` without the dot at its end, in the case in which it is asked; ``payload`` is that of EDNS, 0: none."""

    name: str
    kind: str
    payload: int = 0

    def message(self, ident: int | None = None) -> dns.message.QueryMessage:
        """Return the question as a message, with a random id unless one is given."""
        edns: dict[str, Any] = {"use_edns": 0, "payload": self.payload} if self.payload else {}
        return dns.message.make_query(f"{self.name}.", self.kind, id=ident, **edns)


@dataclass(frozen=True, slots=True)
class ExpectedReply(Expected):
    """What a name server must answer. ``echoed``: it must carry the id and the question as they were asked."""

    demand: Demand | None = None
    question: Question | None = None
    echoed: bool = False

    def evidence(self, seen: Observation) -> str:
        """Return the answer in words."""
        reply = reply_of(seen)
        return reply.in_words() if reply else seen.detail

    def mismatch(self, probe: Probe, seen: Observation) -> str:
        """Return what is wrong with what came: the way, the message, or what it says."""
        if wrong := Expected.mismatch(self, probe, seen):  # not super(): slots make the class anew
            return wrong
        if seen.outcome is not Outcome.CONNECTED:
            return ""
        if (reply := reply_of(seen)) is None:
            return "what came is no DNS message"
        if self.echoed and (wrong := no_echo(reply, probe.data)):
            return wrong
        return self.demand.wrong(reply) if self.demand else ""


def expected_reply(question: Question, demand: Demand, *, echoed: bool = False) -> ExpectedReply:
    """Expect an answer that meets a demand."""
    return ExpectedReply(CONNECTS, because=demand.because, demand=demand, question=question, echoed=echoed)


def replies(table: TruthTable) -> dict[Question, Reply]:
    """Return one of the answers that came to each question, of those that are DNS messages."""
    found = {}
    for probe, expected in table.expectation.cells.items():
        reply = reply_of(table.seen[probe])
        if isinstance(expected, ExpectedReply) and expected.question and reply:
            found[expected.question] = reply
    return found


def ask(source: Pod, server: Server, protocol: Protocol, question: Question) -> Probe:
    """Return the probe that asks a question."""
    wire = question.message().to_wire()
    return Probe(
        source,
        server.address,
        server.port(protocol),
        protocol,
        f"{server.label}: {question.name} {question.kind}",
        target_node=server.node,
        data=struct.pack("!H", len(wire)) + wire if protocol is Protocol.TCP else wire,
        until="length",
    )


def table(
    title: str,
    sources: Iterable[Pod],
    servers: Iterable[Server],
    questions: Mapping[Question, Demand],
    protocols: Iterable[Protocol] = UDP_TCP,
    *,
    echoed: bool = False,
) -> Expectation:
    """Expect what is demanded for each question from each server, over each protocol, asked by each source.

    Raises ValueError when that is nothing.
    """
    servers, protocols = tuple(servers), tuple(protocols)
    cells: dict[Probe, Expected] = {
        ask(source, server, protocol, question): expected_reply(question, demand, echoed=echoed)
        for question, demand in questions.items()
        for server in servers
        for protocol in protocols
        if protocol in dict(server.ports)
        for source in sources
        if server.family in source.families
    }
    if not cells:
        raise ValueError(f"{title}: no question is asked of anybody, so nothing would be proved")
    return Expectation(title, cells)
