"""The ``cache`` directive: answers are remembered for as long as they say, and what is left of that is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import dns.rcode
import dns.rrset

from pytest_k8snet.embedded.dns.answer import Question, Reply, RRsets
from pytest_k8snet.embedded.dns.settings import Cache, below

CAPACITY = 9984
"""Answers that are remembered at most, as in CoreDNS."""


@dataclass(frozen=True)
class _Entry:
    reply: Reply
    kept: float
    until: float


class AnswerCache:
    """Replies by question. ``clock`` gives seconds."""

    def __init__(self, options: Cache, clock: Callable[[], float]) -> None:
        self._options = options
        self._clock = clock
        self._entries: dict[tuple[str, str], _Entry] = {}

    def get(self, question: Question) -> Reply | None:
        """The remembered reply with the time to live that is left of it."""
        key = (question.key, question.kind)
        entry = self._entries.get(key)
        if entry is None:
            return None
        now = self._clock()
        if now >= entry.until:
            del self._entries[key]
            return None
        return _aged(entry.reply, int(now - entry.kept))

    def put(self, question: Question, reply: Reply) -> Reply:
        """Remember a reply if it may be; return it with no longer time to live than it is remembered."""
        lifetime = self._lifetime(question, reply)
        if lifetime <= 0:
            return reply
        reply = _limited(reply, lifetime)
        now = self._clock()
        if len(self._entries) >= CAPACITY:
            del self._entries[next(iter(self._entries))]
        self._entries[(question.key, question.kind)] = _Entry(reply, now, now + lifetime)
        return reply

    def _lifetime(self, question: Question, reply: Reply) -> int:
        if reply.rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return 0
        kind = "success" if reply.answer else "denial"
        for disabled, zones in self._options.disabled:
            if disabled == kind and any(below(question.key, zone) for zone in zones):
                return 0
        if not any(below(question.key, zone) for zone in self._options.zones):
            return 0
        longest = self._options.longest if reply.answer else self._options.longest_negative
        told = [rrset.ttl for rrset in (*reply.answer, *reply.authority)]
        return min(longest, *told) if told else 0


def _aged(reply: Reply, seconds: int) -> Reply:
    return _with_ttl(reply, lambda ttl: max(0, ttl - seconds))


def _limited(reply: Reply, longest: int) -> Reply:
    return _with_ttl(reply, lambda ttl: min(ttl, longest))


def _with_ttl(reply: Reply, change: Callable[[int], int]) -> Reply:
    def changed(rrsets: RRsets) -> RRsets:
        return tuple(dns.rrset.from_rdata_list(rrset.name, change(rrset.ttl), list(rrset)) for rrset in rrsets)

    return replace(
        reply,
        answer=changed(reply.answer),
        authority=changed(reply.authority),
        additional=changed(reply.additional),
    )
