"""The name servers refuse TCP: what is too long for UDP cannot be had."""

from __future__ import annotations

from pytest_k8snet.embedded.dns_rules import DnsRules
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import INPUT

RULE = "tcp dport 53 reject with tcp reset"


def fault() -> Fault:
    """Return the fault."""
    return DnsRules("dns-tcp-refused", "DNS by TCP", lambda link: {INPUT: [RULE]})
