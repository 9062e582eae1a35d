"""Services that are aliases lead to another name than theirs."""

from __future__ import annotations

import dns.message
import dns.rdatatype

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, changed, in_cluster, with_values
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-cname-wrong", "what ExternalName Services lead to", changed(_elsewhere))


def _elsewhere(answer: dns.message.Message) -> None:
    for place, rrset in enumerate(answer.answer):
        if rrset.rdtype == dns.rdatatype.CNAME and in_cluster(asked_name(answer)):
            answer.answer[place] = with_values(rrset, [f"wrong.{rdata.target}" for rdata in rrset])
