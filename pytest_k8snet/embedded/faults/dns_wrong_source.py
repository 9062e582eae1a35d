"""UDP answers of the name servers come from another address than was asked."""

from __future__ import annotations

import ipaddress

from pytest_k8snet.embedded.dns_rules import DnsRules
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.network.hostports import FAMILY
from pytest_k8snet.embedded.network.link import PodLink
from pytest_k8snet.embedded.packet_rules import OUTPUT, Chains

DISTANCE = 128
"""How far the other address is from the real one: in the same podCIDR, and nobody's in a cluster of ordinary size."""


def fault() -> Fault:
    """Return the fault."""
    return DnsRules("dns-wrong-source", "the source of UDP answers of the name servers", _rules)


def _rules(link: PodLink) -> Chains:
    return {
        OUTPUT: [
            f"{FAMILY[version]} saddr {address} udp sport 53 {FAMILY[version]} saddr set {_other(address)}"
            for version, address in link.addresses.by_version
        ]
    }


def _other(address: str) -> str:
    real = ipaddress.ip_address(address)
    return str(type(real)(int(real) ^ DISTANCE))
