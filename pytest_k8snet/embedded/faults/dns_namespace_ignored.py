"""A Service is looked for by its name alone: in each namespace the one that was asked for first is found."""

from __future__ import annotations

import dns.message
import dns.name
import dns.rrset

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, labels_of_service
from pytest_k8snet.embedded.dns_relay import Alter, Ask
from pytest_k8snet.embedded.injection import Fault, Target


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-namespace-ignored", "the namespaces of Services in DNS", _of_any_namespace)


def _of_any_namespace(cluster: Target) -> Alter:
    first: dict[str, str] = {}

    async def alter(query: dns.message.Message, ask: Ask) -> dns.message.Message:
        labels = labels_of_service(asked_name(query))
        if len(labels) < 2:
            return await ask(query)
        found = first.setdefault(labels[-2], labels[-1])
        if found == labels[-1]:
            return await ask(query)
        asked = query.question[0]
        other = dns.name.from_text(asked_name(query).replace(f".{labels[-1]}.svc.", f".{found}.svc."))
        query.question[:] = [dns.rrset.RRset(other, asked.rdclass, asked.rdtype)]
        answer = await ask(query)
        answer.question[:] = [asked]
        for rrset in answer.answer:
            rrset.name = asked.name
        return answer

    return alter
