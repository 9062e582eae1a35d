"""The SRV records of headless Services name the Service in place of its endpoints."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, changed, labels_of_service, with_values
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    breaks = "the targets in SRV records of headless Services"
    return AlteredAnswers("dns-srv-target-wrong", breaks, changed(_services, "SRV"))


def _services(answer: dns.message.Message) -> None:
    for place, rrset in enumerate(answer.answer):
        values = [f"{r.priority} {r.weight} {r.port} {_service(r.target.to_text())}" for r in rrset]
        answer.answer[place] = with_values(rrset, sorted(set(values)))


def _service(target: str) -> str:
    return target.partition(".")[2] if len(labels_of_service(target)) == 3 else target
