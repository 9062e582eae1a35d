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
