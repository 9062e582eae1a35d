"""A port without a name has an SRV record under its number."""

from __future__ import annotations

import dns.message
import dns.rcode
import dns.rrset

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, changed, labels_of_service
from pytest_k8snet.embedded.injection import Fault

TTL = 30


def fault() -> Fault:
    """Return the fault."""
    breaks = "that ports without a name have no SRV record"
    return AlteredAnswers("dns-srv-of-unnamed-port", breaks, changed(_by_number, "SRV"))


def _by_number(answer: dns.message.Message) -> None:
    name = asked_name(answer)
    labels = labels_of_service(name)
    if len(labels) == 4 and labels[0].removeprefix("_").isdigit():
        _, _, service = name.split(".", 2)
        value = f"0 100 {labels[0].removeprefix('_')} {service}"
        answer.set_rcode(dns.rcode.NOERROR)
        answer.authority.clear()
        answer.answer[:] = [dns.rrset.from_text(name, TTL, "IN", "SRV", value)]
