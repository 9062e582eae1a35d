"""A peer with two selectors stands for the pods of which only one holds, too."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import with_peers
from pytest_k8snet.embedded.policy.rewritten import altered_policies


def fault() -> Fault:
    """Return the fault."""
    return altered_policies("policy-peer-selectors-ored", "the two selectors of a peer in NetworkPolicies", _ored)


def _ored(policy: Obj) -> Obj:
    return with_peers(policy, _apart)


def _apart(peer: Obj) -> list[Obj]:
    """The pods of the namespaces, and the pods with the labels in whichever namespace."""
    if peer.get("namespaceSelector") is None or peer.get("podSelector") is None:
        return [peer]
    return [
        {"namespaceSelector": peer["namespaceSelector"]},
        {"namespaceSelector": {}, "podSelector": peer["podSelector"]},
    ]
