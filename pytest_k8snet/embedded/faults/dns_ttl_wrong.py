"""Records of the cluster live ten times as long as the Corefile says."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, changed, in_cluster
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-ttl-wrong", "the time to live of records", changed(_longer))


def _longer(answer: dns.message.Message) -> None:
    if in_cluster(asked_name(answer)):
        for rrset in answer.answer:
            rrset.ttl *= 10
