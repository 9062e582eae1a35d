"""Pods that are not ready are not published, also where publishNotReadyAddresses asks for it."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, deny, labels_of_service, with_values
from pytest_k8snet.embedded.dns_relay import Alter, Ask
from pytest_k8snet.embedded.injection import Fault, Target


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-publish-ignored", "publishNotReadyAddresses in DNS", _only_serving)


def _only_serving(cluster: Target) -> Alter:
    async def alter(query: dns.message.Message, ask: Ask) -> dns.message.Message:
        answer = await ask(query)
        if len(labels := labels_of_service(asked_name(query))) < 2:
            return answer
        *_, service, namespace = labels
        starting = {
            address
            for endpoint in cluster.slices.endpoints(namespace, service)
            if (endpoint.get("conditions") or {}).get("serving") is False
            for address in endpoint["addresses"]
        }
        for place, rrset in enumerate(answer.answer):
            kept = [rdata.to_text() for rdata in rrset if rdata.to_text() not in starting]
            if not kept:
                deny(answer)
                break
            if len(kept) < len(rrset):
                answer.answer[place] = with_values(rrset, kept)
        return answer

    return alter
