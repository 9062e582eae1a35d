"""Of a range of ports only the first is allowed."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import with_ports
from pytest_k8snet.embedded.policy.rewritten import altered_policies


def fault() -> Fault:
    """Return the fault."""
    return altered_policies("policy-endport-ignored", "endPort in NetworkPolicies", _without_end)


def _without_end(policy: Obj) -> Obj:
    return with_ports(policy, lambda port: [{key: value for key, value in port.items() if key != "endPort"}])
