"""Endpoints with a hostname have no name below their Service."""

from __future__ import annotations

import re

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, changed, deny, labels_of_service
from pytest_k8snet.embedded.injection import Fault

MADE_OF_AN_ADDRESS = re.compile(r"[0-9a-f]*(-[0-9a-f]*){2,}")


def fault() -> Fault:
    """Return the fault."""
    breaks = "the names of endpoints with a hostname"
    return AlteredAnswers("dns-hostname-missing", breaks, changed(_without_hostnames, "A", "AAAA"))


def _without_hostnames(answer: dns.message.Message) -> None:
    labels = labels_of_service(asked_name(answer))
    if len(labels) == 3 and not MADE_OF_AN_ADDRESS.fullmatch(labels[0]):
        deny(answer)
