"""In the mode verified, names of addresses exist that no pod has."""

from __future__ import annotations

import dns.message
import dns.rcode
import dns.rrset

from pytest_k8snet.embedded.altered_answers import DRILL_ZONE, AlteredAnswers, asked_name, changed
from pytest_k8snet.embedded.injection import Fault

TTL = 5


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-pods-verified-wrong", "the mode verified of pods", changed(_any_address, "A"))


def _any_address(answer: dns.message.Message) -> None:
    label, _, parent = asked_name(answer).partition(".")
    if parent.endswith(f".pod.verified.{DRILL_ZONE}") and answer.rcode() == dns.rcode.NXDOMAIN:
        answer.set_rcode(dns.rcode.NOERROR)
        answer.authority.clear()
        answer.answer[:] = [dns.rrset.from_text(asked_name(answer), TTL, "IN", "A", label.replace("-", "."))]
