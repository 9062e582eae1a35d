"""What an ipBlock excepts is allowed like the rest of it."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import with_peers
from pytest_k8snet.embedded.policy.rewritten import altered_policies


def fault() -> Fault:
    """Return the fault."""
    return altered_policies("policy-except-ignored", "ipBlock.except in NetworkPolicies", _without_except)


def _without_except(policy: Obj) -> Obj:
    return with_peers(
        policy, lambda peer: [{**peer, "ipBlock": _whole(peer["ipBlock"])} if "ipBlock" in peer else peer]
    )


def _whole(block: Obj) -> Obj:
    return {"cidr": block["cidr"]}
