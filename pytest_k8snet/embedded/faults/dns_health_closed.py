"""Pods cannot reach the page of health of the name servers; the kubelet can."""

from __future__ import annotations

from pytest_k8snet.embedded.dns_rules import DnsRules, closed_to_pods
from pytest_k8snet.embedded.injection import Fault

PORT = 8080


def fault() -> Fault:
    """Return the fault."""
    return DnsRules("dns-health-closed", "the page of health of the name servers", closed_to_pods(PORT))
