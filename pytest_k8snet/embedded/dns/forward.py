"""The ``forward`` directive: questions that others answer, asked by UDP, and by TCP when that was not enough."""

from __future__ import annotations

import asyncio
import itertools
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import dns.flags
import dns.message

from pytest_k8snet.embedded.dns.answer import OUR_PAYLOAD, REFUSED, Question, Reply
from pytest_k8snet.embedded.dns.settings import Forward, below

ANSWER_SECONDS = 2.0
"""How long one upstream has for its answer."""

Upstream = tuple[str, int]


class NoUpstreamAnswered(RuntimeError):
    """No upstream gave an answer; the text says what happened to each."""


class Forwarder:
    """Asks the upstreams of one ``forward`` directive."""

    def __init__(self, options: Forward) -> None:
        self._options = options
        self._turn = itertools.count()
        self._under_way = 0

    def covers(self, question: Question) -> bool:
        """Whether this question is to be forwarded."""
        excluded = any(below(question.key, zone) for zone in self._options.excluded)
        return below(question.key, self._options.zone) and not excluded

    async def ask(self, question: Question, *, tcp: bool) -> Reply:
        """Return the answer of the first upstream that gives one. Raises NoUpstreamAnswered."""
        if 0 < self._options.max_concurrent <= self._under_way:
            return REFUSED
        self._under_way += 1
        try:
            return await self._ask_in_turn(question, tcp or self._options.force_tcp)
        finally:
            self._under_way -= 1

    async def _ask_in_turn(self, question: Question, tcp: bool) -> Reply:
        failures = []
        for upstream in self._in_order():
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await exchange(upstream, question, tcp=tcp)
            except (OSError, EOFError, dns.exception.DNSException) as error:
                why = "no answer" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
                failures.append(f"{upstream[0]} port {upstream[1]}: {why}")
        raise NoUpstreamAnswered("; ".join(failures) or "there is no upstream")

    def _in_order(self) -> list[Upstream]:
        found = [one for upstream in self._options.upstreams for one in _named_by(upstream)]
        if self._options.policy == "random":
            return random.sample(found, len(found))
        if self._options.policy == "round_robin" and found:
            first = next(self._turn) % len(found)
            return found[first:] + found[:first]
        return found


async def exchange(upstream: Upstream, question: Question, *, tcp: bool) -> Reply:
    """Ask one server. Raises OSError, EOFError or DNSException."""
    query = dns.message.make_query(f"{question.name}.", question.kind, use_edns=0, payload=OUR_PAYLOAD)
    response = await (_by_tcp(upstream, query) if tcp else _by_udp(upstream, query))
    if response.flags & dns.flags.TC and not tcp:
        response = await _by_tcp(upstream, query)
    return Reply(
        response.rcode(),
        tuple(response.answer),
        tuple(response.authority),
        tuple(response.additional),
        authoritative=bool(response.flags & dns.flags.AA),
        recursive=bool(response.flags & dns.flags.RA),
    )


class _Datagrams(asyncio.DatagramProtocol):
    """Takes the first datagram that answers ``query``; others are left unheard, as they may be forged."""

    def __init__(self, query: dns.message.Message) -> None:
        self._query = query
        self.answer: asyncio.Future[dns.message.Message] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        try:
            response = dns.message.from_wire(data, ignore_trailing=True)
        except dns.exception.DNSException:
            return
        if self._query.is_response(response) and not self.answer.done():
            self.answer.set_result(response)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def _by_udp(upstream: Upstream, query: dns.message.Message) -> dns.message.Message:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(lambda: _Datagrams(query), remote_addr=upstream)
    try:
        transport.sendto(query.to_wire())
        return await protocol.answer
    finally:
        transport.close()


async def _by_tcp(upstream: Upstream, query: dns.message.Message) -> dns.message.Message:
    reader, writer = await asyncio.open_connection(*upstream)
    try:
        wire = query.to_wire()
        writer.write(struct.pack("!H", len(wire)) + wire)
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        return dns.message.from_wire(await reader.readexactly(length))
    finally:
        writer.close()


def _named_by(upstream: Upstream) -> Iterator[Upstream]:
    """The servers that a file like resolv.conf names, or the one that is meant."""
    address, port = upstream
    if port:
        yield upstream
        return
    for line in Path(address).read_text().splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            yield words[1], 53
