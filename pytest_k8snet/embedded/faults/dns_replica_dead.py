"""One replica of the name server answers no question, and its probes go on saying that it is ready."""

from __future__ import annotations

from pytest_k8snet.embedded.dns_rules import DnsRules
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import INPUT

RULE = "meta l4proto { tcp, udp } th dport 53 drop"


def fault() -> Fault:
    """Return the fault."""
    return DnsRules("dns-replica-dead", "one of the name servers", lambda link: {INPUT: [RULE]}, first_only=True)
