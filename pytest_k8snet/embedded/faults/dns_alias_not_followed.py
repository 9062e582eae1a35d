"""A question for the address of an alias is answered with the alias alone."""

from __future__ import annotations

import dns.message
import dns.rdatatype

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, changed
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    breaks = "following aliases to the addresses that they lead to"
    return AlteredAnswers("dns-alias-not-followed", breaks, changed(_alias_alone, "A", "AAAA"))


def _alias_alone(answer: dns.message.Message) -> None:
    aliases = [rrset for rrset in answer.answer if rrset.rdtype == dns.rdatatype.CNAME]
    if aliases:
        answer.answer[:] = aliases
