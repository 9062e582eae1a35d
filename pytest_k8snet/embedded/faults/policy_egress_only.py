"""NetworkPolicies are enforced for what a pod sends, not for what comes to it."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import with_spec
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import World, policy_types


def fault() -> Fault:
    """Return the fault."""
    return RewrittenWorld(
        "policy-egress-only", "the ingress rules of NetworkPolicies", lambda cluster: _without_ingress
    )


def _without_ingress(world: World) -> World:
    kept = (policy for policy in world.policies if "Egress" in policy_types(policy))
    return replace(world, policies=tuple(with_spec(policy, policyTypes=["Egress"]) for policy in kept))
