"""When an upstream does not answer, the name server does not say so."""

from __future__ import annotations

import dns.message
import dns.rcode

from pytest_k8snet.embedded.altered_answers import DRILL_ZONE, AlteredAnswers, asked_name
from pytest_k8snet.embedded.dns_relay import Alter, Ask
from pytest_k8snet.embedded.injection import Fault, Target


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-servfail-missing", "the word SERVFAIL", _silence)


def _silence(cluster: Target) -> Alter:
    async def alter(query: dns.message.Message, ask: Ask) -> dns.message.Message | None:
        answer = await ask(query)
        return None if answer.rcode() == dns.rcode.SERVFAIL and asked_name(query).endswith(DRILL_ZONE) else answer

    return alter
