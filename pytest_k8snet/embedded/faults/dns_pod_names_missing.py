"""The addresses of pods have no names, whatever the Corefile says."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import CLUSTER_ZONE, AlteredAnswers, asked_name, changed, deny
from pytest_k8snet.embedded.injection import Fault


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-pod-names-missing", "the names of the addresses of pods", changed(_without_pods))


def _without_pods(answer: dns.message.Message) -> None:
    if asked_name(answer).endswith(f".pod.{CLUSTER_ZONE}"):
        deny(answer)
