"""A world in which of several NetworkPolicies that select a pod only one counts: what union is not."""

from __future__ import annotations

from dataclasses import replace

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.policy.altered import with_spec
from pytest_k8snet.embedded.policy.world import Census, Pod, World

MARK = "k8snet.io/only-policy"


def newest_only(world: World) -> World:
    """Of the policies that select a pod keep the one that was written last."""
    return _one_only(world, newest=True)


def oldest_only(world: World) -> World:
    """Of the policies that select a pod keep the one that was written first."""
    return _one_only(world, newest=False)


def _one_only(world: World, *, newest: bool) -> World:
    """Each pod bears the mark of one policy, and each policy selects those with its mark."""
    census = Census(world)
    only: dict[Pod, str] = {}
    for policy in sorted(world.policies, key=_written, reverse=not newest):
        only |= dict.fromkeys(census.selected(policy), policy["metadata"]["uid"])
    marked = (replace(pod, labels={**pod.labels, MARK: only[pod]}) if pod in only else pod for pod in world.pods)
    return replace(world, policies=tuple(map(_of_marked, world.policies)), pods=tuple(marked))


def _written(policy: Obj) -> int:
    return int(policy["metadata"]["resourceVersion"])


def _of_marked(policy: Obj) -> Obj:
    return with_spec(policy, podSelector={"matchLabels": {MARK: policy["metadata"]["uid"]}})
