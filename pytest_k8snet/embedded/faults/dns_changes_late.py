"""Name servers answer as they did before for half a minute after a change. Only names in changing- have it."""

from __future__ import annotations

import time

import dns.message
import dns.rdatatype

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, of_changing
from pytest_k8snet.embedded.dns_relay import Alter, Ask
from pytest_k8snet.embedded.injection import Fault, Target

LATE_SECONDS = 30.0


def fault() -> Fault:
    """Return the fault."""
    breaks = f"the name servers' speed: changes take {LATE_SECONDS:g} s"
    return AlteredAnswers("dns-changes-late", breaks, _late)


def _late(cluster: Target) -> Alter:
    remembered: dict[tuple[str, dns.rdatatype.RdataType], tuple[float, dns.message.Message]] = {}

    async def alter(query: dns.message.Message, ask: Ask) -> dns.message.Message:
        if not of_changing(query):
            return await ask(query)
        key, now = (asked_name(query), query.question[0].rdtype), time.monotonic()
        if key not in remembered or now - remembered[key][0] > LATE_SECONDS:
            remembered[key] = now, await ask(query)
        answer = remembered[key][1]
        answer.id = query.id
        return answer

    return alter
