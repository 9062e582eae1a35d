"""SRV records have the number after that of the port."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, changed, with_values
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-srv-port-wrong", "the ports in SRV records", changed(_next, "SRV"))


def _next(answer: dns.message.Message) -> None:
    for place, rrset in enumerate(answer.answer):
        values = [f"{r.priority} {r.weight} {r.port + 1} {r.target}" for r in rrset]
        answer.answer[place] = with_values(rrset, values)
