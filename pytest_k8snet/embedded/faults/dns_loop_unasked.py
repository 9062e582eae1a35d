"""Name servers do not look for forwarding loops: the long names that they ask their upstream for do not get there."""

from __future__ import annotations

from pytest_k8snet.embedded.dns_rules import DnsRules
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import OUTPUT

SHORTER_QUESTIONS = 70
"""Bytes of a datagram: such a name has two numbers of some eighteen digits, no other check asks for one as long."""


def fault() -> Fault:
    """Return the fault."""
    rule = f"udp dport 53 udp length > {SHORTER_QUESTIONS} drop"
    return DnsRules("dns-loop-unasked", "the directive loop", lambda link: {OUTPUT: [rule]})
