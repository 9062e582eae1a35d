"""Remembered answers are told with the time to live with which they came."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import DRILL_ZONE, AlteredAnswers, asked_name, changed
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-cache-ttl-fixed", "the time to live of remembered answers", changed(_as_new))


LONGEST = 6
"""Seconds for which the checks let answers be remembered."""


def _as_new(answer: dns.message.Message) -> None:
    if asked_name(answer).endswith(DRILL_ZONE):
        for rrset in answer.answer:
            rrset.ttl = LONGEST
