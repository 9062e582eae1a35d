"""A Corefile that cannot be read takes the zones of the one before it away.

It shows for one name only, that of the check: a name server that served nothing more would fail every other one.
"""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import DRILL_ZONE, AlteredAnswers, asked_name, changed, deny
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    breaks = "what was served before, when a new Corefile cannot be read"
    return AlteredAnswers("dns-unreadable-corefile-taken", breaks, changed(_gone))


def _gone(answer: dns.message.Message) -> None:
    if asked_name(answer) == f"kept.{DRILL_ZONE}":
        deny(answer)
