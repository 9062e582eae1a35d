"""Headless Services have the addresses of endpoints that are not ready, too."""

from __future__ import annotations

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, labels_of_service
from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.dns_relay import Alter, Ask
from pytest_k8snet.embedded.injection import Fault, Target

TTL = 30


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-unready-published", "leaving endpoints that are not ready out of DNS", _with_unready)


def _with_unready(cluster: Target) -> Alter:
    async def alter(query: dns.message.Message, ask: Ask) -> dns.message.Message:
        answer, name = await ask(query), asked_name(query)
        if len(labels := labels_of_service(name)) < 2:
            return answer
        *host, service, namespace = labels
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        more = [
            address
            for endpoint in cluster.slices.endpoints(namespace, service)
            if not _is_ready(endpoint) and host in ([], [endpoint.get("hostname", "")])
            for address in endpoint["addresses"]
            if kind == ("AAAA" if ":" in address else "A")
        ]
        if more and len(host) < 2:
            known = [rdata.to_text() for rrset in answer.answer for rdata in rrset]
            answer.set_rcode(dns.rcode.NOERROR)
            answer.authority.clear()
            answer.answer[:] = [dns.rrset.from_text_list(name, TTL, "IN", kind, [*known, *more])]
        return answer

    return alter


def _is_ready(endpoint: Obj) -> bool:
    return (endpoint.get("conditions") or {}).get("ready") is not False
