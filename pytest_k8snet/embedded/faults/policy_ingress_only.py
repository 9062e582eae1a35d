"""NetworkPolicies are enforced for what comes to a pod, not for what it sends."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import with_spec
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import World, policy_types


def fault() -> Fault:
    """Return the fault."""
    return RewrittenWorld("policy-ingress-only", "the egress rules of NetworkPolicies", lambda cluster: _without_egress)


def _without_egress(world: World) -> World:
    kept = (policy for policy in world.policies if "Ingress" in policy_types(policy))
    return replace(world, policies=tuple(with_spec(policy, policyTypes=["Ingress"]) for policy in kept))
