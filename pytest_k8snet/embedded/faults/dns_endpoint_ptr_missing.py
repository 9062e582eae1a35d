"""Endpoints with a hostname have no names for their addresses."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, changed, deny, labels_of_service
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    breaks = "the names of the addresses of endpoints"
    return AlteredAnswers("dns-endpoint-ptr-missing", breaks, changed(_without_endpoints, "PTR"))


def _without_endpoints(answer: dns.message.Message) -> None:
    targets = [rdata.to_text() for rrset in answer.answer for rdata in rrset]
    if any(len(labels_of_service(target)) == 3 for target in targets):
        deny(answer)
