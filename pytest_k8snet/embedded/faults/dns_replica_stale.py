"""One replica goes on answering as it did when a name was asked for first. Only names in changing- have it."""

from __future__ import annotations

import dns.message
import dns.rdatatype

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, of_changing
from pytest_k8snet.embedded.dns_relay import Alter, Ask
from pytest_k8snet.embedded.injection import Fault, Target


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-replica-stale", "the news of one name server", _for_ever, first_only=True)


def _for_ever(cluster: Target) -> Alter:
    remembered: dict[tuple[str, dns.rdatatype.RdataType], dns.message.Message] = {}

    async def alter(query: dns.message.Message, ask: Ask) -> dns.message.Message:
        if not of_changing(query):
            return await ask(query)
        key = (asked_name(query), query.question[0].rdtype)
        if key not in remembered:
            remembered[key] = await ask(query)
        answer = remembered[key]
        answer.id = query.id
        return answer

    return alter
