"""Services with a cluster IP have the address after it in DNS."""

from __future__ import annotations

import ipaddress

import dns.message
import dns.rdatatype
import dns.rrset

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, changed, labels_of_service, with_values
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-service-address-wrong", "the addresses of Services in DNS", changed(_next, "A", "AAAA"))


def _next(answer: dns.message.Message) -> None:
    if len(labels_of_service(asked_name(answer))) == 2:
        answer.answer[:] = [
            with_values(rrset, [_after(rdata.to_text()) for rdata in rrset]) if _is_one_address(rrset) else rrset
            for rrset in answer.answer
        ]


def _after(address: str) -> str:
    return str(ipaddress.ip_address(address) + 1)


def _is_one_address(rrset: dns.rrset.RRset) -> bool:
    return len(rrset) == 1 and rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA)
