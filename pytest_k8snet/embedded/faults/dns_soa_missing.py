"""Negative answers carry no SOA record."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, changed
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-soa-missing", "the SOA record in negative answers", changed(_bare))


def _bare(answer: dns.message.Message) -> None:
    if not answer.answer:
        answer.authority.clear()
