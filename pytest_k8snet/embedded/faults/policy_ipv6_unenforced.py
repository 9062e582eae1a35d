"""NetworkPolicies are enforced for IPv4; over IPv6 everything passes."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.rewritten import RewrittenPolicies
from pytest_k8snet.embedded.policy.world import policy_types

EVERY_IPV6_ADDRESS = {"ipBlock": {"cidr": "::/0"}}


def fault() -> Fault:
    """Return the fault."""
    return RewrittenPolicies("policy-ipv6-unenforced", "NetworkPolicies over IPv6", _open_to_ipv6)


def _open_to_ipv6(policies: Sequence[Obj]) -> Sequence[Obj]:
    return [{**policy, "spec": _opened(policy)} for policy in policies]


def _opened(policy: Obj) -> Obj:
    spec = policy["spec"]
    return {
        **spec,
        "policyTypes": sorted(policy_types(policy)),
        "ingress": [*(spec.get("ingress") or ()), {"from": [EVERY_IPV6_ADDRESS]}],
        "egress": [*(spec.get("egress") or ()), {"to": [EVERY_IPV6_ADDRESS]}],
    }
