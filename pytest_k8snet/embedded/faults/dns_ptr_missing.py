"""Cluster IPs have no names: what asks who has an address is told that nobody has."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, changed, deny, labels_of_service
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-ptr-missing", "the names of cluster IPs", changed(_without_services, "PTR"))


def _without_services(answer: dns.message.Message) -> None:
    targets = [rdata.to_text() for rrset in answer.answer for rdata in rrset]
    if any(len(labels_of_service(target)) == 2 for target in targets):
        deny(answer)
