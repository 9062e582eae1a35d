"""What can be demanded of an answer: each demand says why, and what is wrong with an answer that does not meet it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

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
