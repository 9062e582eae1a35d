"""Headless Services with a few endpoints have the address of one of them only."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, changed, in_cluster, with_values
from pytest_k8snet.embedded.injection import Fault

A_FEW = 10


def fault() -> Fault:
    """Return the fault."""
    breaks = "all but one of the addresses of headless Services"
    return AlteredAnswers("dns-headless-one-endpoint", breaks, changed(_first, "A", "AAAA"))


def _first(answer: dns.message.Message) -> None:
    if in_cluster(asked_name(answer)):
        answer.answer[:] = [
            with_values(rrset, [min(rdata.to_text() for rdata in rrset)]) if 1 < len(rrset) < A_FEW else rrset
            for rrset in answer.answer
        ]
