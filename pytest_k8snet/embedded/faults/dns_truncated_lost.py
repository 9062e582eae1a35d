"""UDP answers that say that they are truncated get lost, so nobody turns to TCP."""

from __future__ import annotations

from pytest_k8snet.embedded.dns_rules import DnsRules
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.packet_rules import OUTPUT

# The bit TC in the second word of the message, which follows the 8 bytes of the UDP header (RFC 1035, 4.1.1).
RULE = "udp sport 53 @th,80,16 & 0x0200 != 0 drop"


def fault() -> Fault:
    """Return the fault."""
    return DnsRules("dns-truncated-lost", "truncated answers of the name servers", lambda link: {OUTPUT: [RULE]})
