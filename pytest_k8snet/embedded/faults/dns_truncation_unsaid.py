"""Answers that are truncated do not say so."""

from __future__ import annotations

import dns.flags
import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, changed
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-truncation-unsaid", "the flag of truncated answers", changed(_unsaid))


def _unsaid(answer: dns.message.Message) -> None:
    answer.flags &= ~dns.flags.TC
