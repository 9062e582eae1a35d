"""The cluster domain does not tell the version of its schema."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, changed, deny
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-version-missing", "the record dns-version", changed(_without_version, "TXT"))


def _without_version(answer: dns.message.Message) -> None:
    if asked_name(answer).startswith("dns-version."):
        deny(answer)
