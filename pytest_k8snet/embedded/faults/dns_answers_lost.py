"""One of ten UDP answers of the name servers gets lost."""

from __future__ import annotations

from pytest_k8snet.embedded.dns_rules import DnsRules
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import OUTPUT

RULE = "udp sport 53 numgen random mod 10 == 0 drop"


def fault() -> Fault:
    """Return the fault."""
    return DnsRules("dns-answers-lost", "some answers of the name servers", lambda link: {OUTPUT: [RULE]})
