"""That a name does not exist is remembered for ever."""

from __future__ import annotations

import dns.message
import dns.rcode

from pytest_k8snet.embedded.altered_answers import DRILL_ZONE, AlteredAnswers, asked_name
from pytest_k8snet.embedded.dns_relay import Alter, Ask
from pytest_k8snet.embedded.injection import Fault, Target


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-negative-cache-too-long", "the end of remembered denials", _for_ever)


def _for_ever(cluster: Target) -> Alter:
    remembered: dict[str, dns.message.Message] = {}

    async def alter(query: dns.message.Message, ask: Ask) -> dns.message.Message:
        name = asked_name(query)
        answer = remembered.get(name) or await ask(query)
        if name.endswith(DRILL_ZONE) and answer.rcode() == dns.rcode.NXDOMAIN:
            remembered[name] = answer
        answer.id = query.id
        return answer

    return alter
