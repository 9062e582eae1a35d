"""A name that is not asked for in lower case does not exist."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, changed, deny
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-case-sensitive", "that case does not matter in names", changed(_deny_capitals))


def _deny_capitals(answer: dns.message.Message) -> None:
    if answer.question and answer.question[0].name.to_text() != asked_name(answer):
        deny(answer)
