"""The name servers take no notice of EDNS, as very old ones do: nothing longer than 512 bytes comes over UDP."""

from __future__ import annotations

import dns.message

from pytest_k8snet.embedded.altered_answers import AlteredAnswers
from pytest_k8snet.embedded.dns_relay import Alter, Ask
from pytest_k8snet.embedded.injection import Fault, Target


def fault() -> Fault:
    """Return the fault."""
    return AlteredAnswers("dns-edns-ignored", "EDNS", _without_edns)


def _without_edns(cluster: Target) -> Alter:
    async def alter(query: dns.message.Message, ask: Ask) -> dns.message.Message:
        query.use_edns(False)
        return await ask(query)

    return alter
