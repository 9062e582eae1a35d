"""What can be demanded of an answer: each demand says why, and what is wrong with an answer that does not meet it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import dns.flags
import dns.rdatatype

from pytest_k8snet.dns.reply import Reply
from pytest_k8snet.oracle.dns_records import Answer

_SHOWN = 4


@dataclass(frozen=True)
class Demand:
    """``wrong`` returns in words what is wrong with an answer, "" when it is right; ``because`` is the reason."""

    because: str
    wrong: Callable[[Reply], str]


ANY_ANSWER = Demand("a server answers any question", lambda reply: "")


def answers(answer: Answer) -> Demand:
    """Demand what the oracle says, and no value more; the order is free."""
    wanted = _in_words(answer.rcode, answer.kind, answer.values)

    def wrong(reply: Reply) -> str:
        values = reply.values(answer.kind)
        if reply.rcode == answer.rcode and sorted(values) == sorted(answer.values) and not reply.truncated:
            return ""
        return f"{_in_words(reply.rcode, answer.kind, values)} instead of {wanted}"

    return Demand(f"{answer.because}: {wanted}", wrong)


def _in_words(rcode: str, kind: str, values: Iterable[str]) -> str:
    found = sorted(values)
    if not found:
        return f"{rcode} without {kind}"
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"{rcode} {kind} {', '.join(found[:_SHOWN])}{more}"


def targets_below(service: str) -> Demand:
    """Demand SRV records whose targets are different names below that of a Service."""

    def wrong(reply: Reply) -> str:
        targets = [value.split()[1].rstrip(".") for value in reply.values("SRV")]
        if not targets or len(set(targets)) < len(targets):
            return f"{_in_words(reply.rcode, 'SRV', reply.values('SRV'))}, not one for each endpoint"
        elsewhere = [target for target in targets if not target.endswith(f".{service}")]
        return f"the target {elsewhere[0]} is no name below {service}" if elsewhere else ""

    return Demand(f"each endpoint has a name of its own below {service}", wrong)


def followed(answer: Answer) -> Demand:
    """Demand an alias and, in the same answer, an address of what it leads to: resolvers in pods ask once."""

    def wrong(reply: Reply) -> str:
        if first := answers(answer).wrong(reply):
            return first
        return "" if reply.values("A") + reply.values("AAAA") else "the alias without an address of what it leads to"

    return Demand(f"{answer.because}, and the address that it leads to", wrong)


def denied_by(zone: str) -> Demand:
    """Demand that a negative answer carries the SOA record of a zone, without which nobody may remember it."""

    def wrong(reply: Reply) -> str:
        owners = reply.authority("SOA")
        return "" if owners == [zone] else f"{reply.rcode} with the SOA of {' '.join(owners) or 'nobody'}"

    return Demand(f"a negative answer has the SOA of {zone} in its authority section (RFC 2308)", wrong)


def truncated(limit: int) -> Demand:
    """Demand an answer of at most so many bytes that says that it is not all."""

    def wrong(reply: Reply) -> str:
        if reply.size > limit:
            return f"{reply.size} bytes, more than the {limit} that a question without EDNS allows"
        return "" if reply.truncated else f"{reply.in_words()}: it does not say that it is truncated"

    return Demand(f"what does not fit into {limit} bytes is truncated, and says so (RFC 1035, 4.2.1)", wrong)


def with_edns(demand: Demand) -> Demand:
    """Demand the same, and an OPT record: who speaks EDNS is answered with EDNS."""

    def wrong(reply: Reply) -> str:
        return demand.wrong(reply) or ("" if reply.message.edns == 0 else "no OPT record in the answer")

    return Demand(f"{demand.because}, with an OPT record (RFC 6891, 6.1.1)", wrong)


def lives_for(longest: int) -> Demand:
    """Demand that no record in the answer lives longer than so many seconds, and that there are records."""

    def wrong(reply: Reply) -> str:
        ttls = reply.ttls()
        if not ttls:
            return f"{reply.in_words()}: there is nothing that could live"
        return f"a time to live of {max(ttls)} s, not {longest} s at most" if max(ttls) > longest else ""

    return Demand(f"records of the cluster live for {longest} s", wrong)


def remembered(longest: int) -> Demand:
    """Demand an answer whose time to live is less than that with which it was remembered: some of it is over."""

    def wrong(reply: Reply) -> str:
        ttls = reply.ttls()
        if not ttls:
            return reply.in_words()
        return "" if max(ttls) < longest else f"a time to live of {max(ttls)} s, not less than {longest}"

    return Demand(f"of the {longest} s for which it is remembered some are over", wrong)


def like(rcode: str, whose: str) -> Demand:
    """Demand the response code that somebody else has answered."""

    def wrong(reply: Reply) -> str:
        return "" if reply.rcode == rcode else f"{reply.rcode}, where {whose} answers {rcode}"

    return Demand(f"{whose} answers {rcode}", wrong)


def no_echo(reply: Reply, asked: bytes) -> str:
    """Return what of the id and the question is not as it was asked, in words. ``asked`` may begin with a length."""
    query = Reply(asked[2:] if int.from_bytes(asked[:2], "big") == len(asked) - 2 else asked)
    if reply.message.id != query.message.id:
        return f"the id {reply.message.id}, not {query.message.id}"
    if not reply.message.flags & dns.flags.QR:
        return "the message is no response"
    wanted, seen = _question(query), _question(reply)
    return "" if wanted == seen else f"the question {seen!r}, not {wanted!r}"


def _question(reply: Reply) -> list[str]:
    """Return the question in the case in which it stands there: dnspython compares names without regard to case."""
    return [f"{q.name.to_text()} {dns.rdatatype.to_text(q.rdtype)}" for q in reply.message.question]
