"""Services with a cluster IP have the address after it in DNS."""

from __future__ import annotations

import ipaddress

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, changed, with_values
from pytest_k8snet.embedded.injection import Fault

LABELS_OF_A_SERVICE = 6
"""Of ``name.namespace.svc.cluster.local.``, the last one empty."""


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-service-address-wrong", "the addresses of Services in DNS", changed(_next, "A", "AAAA"))


def _next(answer: dns.message.Message) -> None:
    labels = asked_name(answer).split(".")
    if len(labels) == LABELS_OF_A_SERVICE and labels[2] == "svc":
        answer.answer[:] = [
            with_values(rrset, [str(ipaddress.ip_address(rdata.to_text()) + 1) for rdata in rrset])
            for rrset in answer.answer
            if len(rrset) == 1
        ]
