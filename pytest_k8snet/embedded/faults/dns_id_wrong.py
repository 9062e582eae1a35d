"""Negative answers carry the id after that of their question."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers
from pytest_k8snet.embedded.dns_relay import Alter, Ask
from pytest_k8snet.embedded.injection import Fault, Target


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-id-wrong", "the id of negative answers", _other_id)


def _other_id(cluster: Target) -> Alter:
    async def alter(query: dns.message.Message, ask: Ask) -> dns.message.Message:
        answer = await ask(query)
        if not answer.answer:
            answer.id = (answer.id + 1) % 0x10000
        return answer

    return alter
