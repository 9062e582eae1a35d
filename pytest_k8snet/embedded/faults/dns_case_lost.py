"""The question comes back in lower case, so that who checks its case (0x20) takes the answer for a forged one."""

from __future__ import annotations

import dns.message
import dns.name
import dns.rrset

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, changed
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-case-lost", "the case of names in questions", changed(_lower))


def _lower(answer: dns.message.Message) -> None:
    name = dns.name.from_text(asked_name(answer))
    answer.question[:] = [dns.rrset.RRset(name, asked.rdclass, asked.rdtype) for asked in answer.question]
