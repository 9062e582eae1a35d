"""The way of a question through the directives of its server block, in the order of CoreDNS."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from pytest_k8snet.embedded.dns.answer import (
    REFUSED,
    SERVFAIL,
    Question,
    Reply,
    View,
    best_server,
    from_cluster,
    from_hosts,
    shuffled,
)
from pytest_k8snet.embedded.dns.cache import AnswerCache
from pytest_k8snet.embedded.dns.forward import Forwarder, NoUpstreamAnswered
from pytest_k8snet.embedded.dns.rewriting import rewrite
from pytest_k8snet.embedded.dns.settings import Server

LONGEST_CHAIN = 8
"""Aliases that are followed for one answer."""

LOOP_PASSES = 2
"""How often the question that looks for a forwarding loop may come by."""


class ForwardingLoop(RuntimeError):
    """The ``loop`` directive found that a forwarded question comes back."""


class Resolver:
    """Answers questions by one configuration. ``counts`` is shared by all configurations of a program."""

    def __init__(self, servers: Sequence[Server], view: Callable[[], View], counts: Counter[str]) -> None:
        self.servers = tuple(servers)
        self.loop_name = f"{random.getrandbits(63)}.{random.getrandbits(63)}"
        self.loop_passes = 0
        self._view = view
        self._counts = counts
        self._order = random.Random()
        self._caches = {id(s): AnswerCache(s.cache, time.monotonic) for s in self.servers if s.cache is not None}
        self._forwarders = {id(s): [Forwarder(options) for options in s.forwards] for s in self.servers}

    async def resolve(self, question: Question, port: int, *, tcp: bool) -> Reply:
        """Answer a question that came to ``port``. What goes wrong becomes SERVFAIL and a line of the log."""
        server = best_server(self.servers, port, question.key)
        if server is None:
            return REFUSED
        if question.kind == "HINFO" and question.key.startswith(self.loop_name):
            self._count_pass(server)
        try:
            reply = await self._remembered(server, question, port, tcp, 0)
        except NoUpstreamAnswered as error:
            self._counts["coredns_forward_failures_total"] += 1
            if server.errors:
                sys.stdout.write(f"[ERROR] plugin/errors: 2 {question.name}. {question.kind}: {error}\n")
            return SERVFAIL
        return shuffled(reply, self._order) if server.loadbalance else reply

    def _count_pass(self, server: Server) -> None:
        self.loop_passes += 1
        if server.loop and self.loop_passes > LOOP_PASSES:
            zone = ", ".join(f"{zone}." for zone in server.zones)
            raise ForwardingLoop(f"a question that was forwarded came back {self.loop_passes} times for zone {zone}")

    async def _remembered(self, server: Server, question: Question, port: int, tcp: bool, depth: int) -> Reply:
        cache = self._caches.get(id(server))
        if cache is None or question.key.startswith(self.loop_name):
            return await self._followed(server, question, port, tcp, depth)
        if (reply := cache.get(question)) is not None:
            self._counts["coredns_cache_hits_total"] += 1
            return reply
        self._counts["coredns_cache_misses_total"] += 1
        return cache.put(question, await self._followed(server, question, port, tcp, depth))

    async def _followed(self, server: Server, question: Question, port: int, tcp: bool, depth: int) -> Reply:
        """Answer as ``rewrite`` wants it, and go after an alias: what it leads to is part of the answer."""
        asked, edits = rewrite(server.rewrites, question)
        reply = await self._with_aliases(server, asked, port, tcp, depth)
        for edit in edits:
            reply = edit(reply)
        return reply

    async def _with_aliases(self, server: Server, question: Question, port: int, tcp: bool, depth: int) -> Reply:
        reply = await self._asked(server, question, tcp)
        if not reply.alias or depth >= LONGEST_CHAIN:
            return reply
        target = Question(reply.alias, question.kind)
        further = best_server(self.servers, port, target.key)
        if further is None:
            return reply
        try:
            rest = await self._remembered(further, target, port, tcp, depth + 1)
        except NoUpstreamAnswered:
            return reply  # the alias is known, whoever asked can go after it
        return replace(reply, answer=(*reply.answer, *rest.answer), alias="")

    async def _asked(self, server: Server, question: Question, tcp: bool) -> Reply:
        reply = from_hosts(server.hosts, question) if server.hosts else None
        if reply is None and server.kubernetes:
            reply = from_cluster(server.kubernetes, self._view(), question)
        if reply is not None:
            return reply
        for forwarder in self._forwarders[id(server)]:
            if forwarder.covers(question):
                self._counts["coredns_forward_requests_total"] += 1
                return await forwarder.ask(question, tcp=tcp)
        return SERVFAIL
