"""The names of addresses outside the cluster are denied and not asked elsewhere, though the Corefile says so."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, changed, deny
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-reverse-kept", "the fallthrough of reverse zones", changed(_denied, "PTR"))


def _denied(answer: dns.message.Message) -> None:
    if not answer.answer:
        deny(answer)
