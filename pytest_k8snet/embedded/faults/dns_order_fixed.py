"""The addresses of a name come always in the same order."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, changed, with_values
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-order-fixed", "the changing order of addresses", changed(_sorted, "A", "AAAA"))


def _sorted(answer: dns.message.Message) -> None:
    answer.answer[:] = [with_values(rrset, sorted(rdata.to_text() for rdata in rrset)) for rrset in answer.answer]
