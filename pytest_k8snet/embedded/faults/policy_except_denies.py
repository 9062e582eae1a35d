"""What an ipBlock excepts is forbidden, even if another rule or policy allows it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.matches import FAMILY, SIDE, excepted
from pytest_k8snet.embedded.policy.rewritten import rules_beforehand
from pytest_k8snet.embedded.policy.world import PEERS


def fault() -> Fault:
    """Return the fault."""
    return rules_beforehand("policy-except-denies", "what other rules allow of an ipBlock's except", _denials)


def _denials(policies: Sequence[Obj], direction: str) -> Iterator[str]:
    for block in _blocks(policies, direction):
        if addresses := excepted(block):
            family = FAMILY[ipaddress.ip_network(block["cidr"], strict=False).version]
            yield f"{family} {SIDE[direction]} {addresses} drop"


def _blocks(policies: Sequence[Obj], direction: str) -> Iterator[Obj]:
    for policy in policies:
        for rule in policy["spec"].get(direction.lower()) or ():
            yield from (peer["ipBlock"] for peer in rule.get(PEERS[direction]) or () if peer.get("ipBlock"))
