"""Of several NetworkPolicies that select a pod only the one that was written last counts."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import with_spec
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import Census, Pod, World

MARK = "k8snet.io/last-policy"


def fault() -> Fault:
    """Return the fault."""
    return RewrittenWorld("policy-last-one-wins", "the union of several NetworkPolicies", lambda cluster: _last_only)


def _last_only(world: World) -> World:
    """Each pod bears the mark of one policy, and each policy selects those with its mark."""
    census = Census(world)
    last: dict[Pod, str] = {}
    for policy in sorted(world.policies, key=lambda policy: int(policy["metadata"]["resourceVersion"])):
        last |= dict.fromkeys(census.selected(policy), policy["metadata"]["uid"])
    marked = (replace(pod, labels={**pod.labels, MARK: last[pod]}) if pod in last else pod for pod in world.pods)
    return replace(world, policies=tuple(map(_of_marked, world.policies)), pods=tuple(marked))


def _of_marked(policy: Obj) -> Obj:
    return with_spec(policy, podSelector={"matchLabels": {MARK: policy["metadata"]["uid"]}})
