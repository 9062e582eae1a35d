"""A name that has no record of the asked kind is said not to exist."""

from __future__ import annotations

import dns.message
import dns.rcode

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, changed, deny
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-nxdomain-for-nodata", "names without a record of the asked kind", changed(_deny_empty))


def _deny_empty(answer: dns.message.Message) -> None:
    if answer.rcode() == dns.rcode.NOERROR and not answer.answer:
        deny(answer)
