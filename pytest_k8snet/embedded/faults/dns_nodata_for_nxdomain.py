"""Names of the cluster domain that do not exist are answered as if they had no such record only."""

from __future__ import annotations

import dns.message
import dns.rcode

from pytest_k8snet.embedded.altered_answers import AlteredAnswers, asked_name, changed, labels_of_service
from pytest_k8snet.embedded.injection import Fault

OF_CHECKS = ("none", "_none", "k8snet-none")
"""Labels: everything else that does not exist goes on not existing, or resolvers in pods would find short names."""


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-nodata-for-nxdomain", "that a name does not exist", changed(_without_error))


def _without_error(answer: dns.message.Message) -> None:
    if answer.rcode() == dns.rcode.NXDOMAIN and {*labels_of_service(asked_name(answer))} & {*OF_CHECKS}:
        answer.set_rcode(dns.rcode.NOERROR)
