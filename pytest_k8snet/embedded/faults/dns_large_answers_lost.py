"""UDP answers above 512 bytes get lost, though who asked said by EDNS that they may come: as by an old firewall."""

from __future__ import annotations

from pytest_k8snet.embedded.dns.answer import UDP_LIMIT
from pytest_k8snet.embedded.dns_rules import DnsRules
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import OUTPUT

UDP_HEADER = 8
RULE = f"udp sport 53 udp length > {UDP_LIMIT + UDP_HEADER} drop"


def fault() -> Fault:
    """Return the fault."""
    breaks = f"UDP answers of the name servers above {UDP_LIMIT} bytes"
    return DnsRules("dns-large-answers-lost", breaks, lambda link: {OUTPUT: [RULE]})
