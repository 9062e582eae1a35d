"""Questions for names outside the cluster domain get no answer."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import CLUSTER_ZONE, AlteredAnswers, asked_name, labels_of_service
from pytest_k8snet.embedded.dns_relay import Alter, Ask
from pytest_k8snet.embedded.injection import Fault, Target


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-forward-drops", "forwarding to the name servers outside", _inside_only)


def _inside_only(cluster: Target) -> Alter:
    async def alter(query: dns.message.Message, ask: Ask) -> dns.message.Message | None:
        name = asked_name(query)
        if name.endswith(CLUSTER_ZONE):
            return await ask(query)
        answer = await ask(query) if name.endswith(".arpa.") else None
        found = [rdata.to_text() for rrset in answer.answer for rdata in rrset] if answer else []
        return answer if any(labels_of_service(value) for value in found) else None

    return alter
