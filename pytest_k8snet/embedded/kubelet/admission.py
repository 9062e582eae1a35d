"""What a kubelet refuses although a pod was assigned to its node: the scheduler may have been passed by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.kubelet.fitting import matches_selectors, ports_taken


class Refusal(NamedTuple):
    """``reason`` and ``message`` of the Failed pod's status."""

    reason: str
    message: str


def refusal(pod: Obj, node: Obj, others: Iterable[Obj]) -> Refusal | None:
    """Return why a node that runs ``others`` does not take a pod, None when it does."""
    if not matches_selectors(pod["spec"], node):
        return _refused("NodeAffinity", "node(s) didn't match Pod's node affinity/selector")
    if ports_taken(pod, others):
        return _refused("NodePorts", "node(s) didn't have free ports for the requested pod ports")
    return None


def _refused(predicate: str, why: str) -> Refusal:
    return Refusal(predicate, f"Pod was rejected: Predicate {predicate} failed: {why}")
