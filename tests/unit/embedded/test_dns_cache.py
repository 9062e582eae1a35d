"""The cache directive."""

from __future__ import annotations

import dns.rcode
import dns.rrset

from pytest_k8snet.embedded.dns.answer import SERVFAIL, Question, Reply
from pytest_k8snet.embedded.dns.cache import CAPACITY, AnswerCache
from pytest_k8snet.embedded.dns.settings import Cache

QUESTION = Question("a.test", "A")


class Clock:
    """Time that stands still unless it is told to go on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def found(ttl: int = 60) -> Reply:
    return Reply(answer=(dns.rrset.from_text("a.test.", ttl, "IN", "A", "10.0.0.1"),))


def missing(ttl: int = 60) -> Reply:
    soa = dns.rrset.from_text("test.", ttl, "IN", "SOA", f"ns.test. h.test. 1 1 1 1 {ttl}")
    return Reply(dns.rcode.NXDOMAIN, authority=(soa,))


def ttls(reply: Reply | None) -> list[int]:
    assert reply is not None
    return [rrset.ttl for rrset in (*reply.answer, *reply.authority)]


def test_the_time_to_live_counts_down_and_then_the_answer_is_forgotten() -> None:
    clock = Clock()
    cache = AnswerCache(Cache(), clock)
    cache.put(QUESTION, found(60))
    clock.now += 20
    assert ttls(cache.get(Question("A.TEST", "A"))) == [40]
    assert cache.get(Question("a.test", "AAAA")) is None
    clock.now += 40
    assert cache.get(QUESTION) is None


def test_nothing_lives_longer_than_the_directive_allows() -> None:
    clock = Clock()
    cache = AnswerCache(Cache(30, 5), clock)
    assert ttls(cache.put(QUESTION, found(60))) == [30]
    other = Question("b.test", "A")
    assert ttls(cache.put(other, missing(60))) == [5]
    clock.now += 5
    assert cache.get(other) is None
    assert ttls(cache.get(QUESTION)) == [25]


def test_disabled_answers_other_zones_and_failures_are_not_remembered() -> None:
    clock = Clock()
    cache = AnswerCache(Cache(zones=("test",), disabled=(("denial", ("a.test",)),)), clock)
    cache.put(QUESTION, missing())
    assert cache.get(QUESTION) is None
    cache.put(QUESTION, found())
    assert cache.get(QUESTION) is not None
    cache.put(Question("b.test", "A"), missing())
    assert cache.get(Question("b.test", "A")) is not None
    cache.put(Question("b.other", "A"), found())
    assert cache.get(Question("b.other", "A")) is None
    cache.put(Question("c.test", "A"), SERVFAIL)
    assert cache.get(Question("c.test", "A")) is None


def test_the_oldest_answer_makes_room_for_a_new_one() -> None:
    cache = AnswerCache(Cache(), Clock())
    for number in range(CAPACITY + 1):
        cache.put(Question(f"{number}.test", "A"), found())
    assert cache.get(Question("0.test", "A")) is None
    assert cache.get(Question("1.test", "A")) is not None
