"""A pod that gets the address of a former one is taken for it: NetworkPolicies see the labels of the first there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.policy.controller import Rewrite
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import Pod, World


def fault() -> Fault:
    """Return the fault."""
    breaks = "who a pod is under NetworkPolicies when its address had another owner in its namespace"
    return RewrittenWorld("policy-address-keeps-labels", breaks, _remembering)


def _remembering(cluster: Target) -> Rewrite:
    first: dict[tuple[str, tuple[str, ...]], tuple[str, Mapping[str, str]]] = {}

    def identified(pod: Pod) -> Pod:
        uid, labels = first.setdefault((pod.namespace, pod.addresses), (pod.uid, pod.labels))
        return pod if uid == pod.uid else replace(pod, labels=labels)

    def rewrite(world: World) -> World:
        return replace(world, pods=tuple(map(identified, world.pods)))

    return rewrite
