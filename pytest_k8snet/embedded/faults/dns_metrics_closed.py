"""Pods cannot reach the page of metrics of the name servers; the kubelet can."""

from __future__ import annotations

from pytest_k8snet.embedded.dns_rules import DnsRules, closed_to_pods
from pytest_k8snet.embedded.injection import Fault

PORT = 9153


def fault() -> Fault:
    """Return the fault."""
    return DnsRules("dns-metrics-closed", "the page of metrics of the name servers", closed_to_pods(PORT))
