"""A rule for SCTP is taken for one for TCP."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import with_ports
from pytest_k8snet.embedded.policy.rewritten import altered_policies


def fault() -> Fault:
    """Return the fault."""
    return altered_policies("policy-sctp-as-tcp", "SCTP in the rules of NetworkPolicies", _as_tcp)


def _as_tcp(policy: Obj) -> Obj:
    return with_ports(policy, lambda port: [{**port, "protocol": "TCP"} if port.get("protocol") == "SCTP" else port])
