"""Policies of the Admin tier, by either API, are stored, and nobody does anything about them."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.rewritten import altered_tiers
from pytest_k8snet.embedded.policy.tiers import ADMIN, tier_of


def fault() -> Fault:
    """Return the fault."""
    return altered_tiers("policy-admin-ignored", "every policy of the Admin tier", _unless_admin)


def _unless_admin(policy: Obj) -> Obj | None:
    return None if tier_of(policy) == ADMIN else policy
