"""A changed Corefile takes no effect: zones that it adds are not served."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import DRILL_ZONE, AlteredAnswers, asked_name, changed, deny
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-reload-ignored", "the reload of the Corefile", changed(_not_served))


def _not_served(answer: dns.message.Message) -> None:
    if asked_name(answer).endswith(DRILL_ZONE):
        deny(answer)
