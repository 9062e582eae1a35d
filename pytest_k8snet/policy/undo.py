"""The way back from what a case has done to an arena."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_k8snet.policy import cases
from pytest_k8snet.policy.placeholders import NAMESPACE_NAME
from pytest_k8snet.policy.world import State


def undo(now: State, then: State) -> Iterator[cases.Action]:
    """Yield the actions that make an arena what it was: pods anew where they are gone, labels as they were.

    Addresses of new pods are others than before.
    """
    yield from (cases.DeletePolicy(name) for name in now.policies.keys() - then.policies.keys())
    yield from (cases.DeleteNamespace(name) for name in now.namespaces.keys() - then.namespaces.keys())
    kept = {name for name in now.pods if name.partition("/")[0] in then.namespaces}
    yield from (cases.DeletePod(name) for name in kept - then.pods.keys())
    for name, labels in then.namespaces.items():
        if name not in now.namespaces:
            yield cases.CreateNamespace(name, {key: value for key, value in labels.items() if key != NAMESPACE_NAME})
        elif changes := _changes(now.namespaces[name], labels):
            yield cases.LabelNamespace(name, changes)
    for name, pod in then.pods.items():
        if name not in now.pods:
            yield cases.CreatePod(name, pod.labels, pod.ports)
        elif changes := _changes(now.pods[name].labels, pod.labels):
            yield cases.LabelPod(name, changes)


def _changes(now: cases.Labels, then: cases.Labels) -> Mapping[str, str | None]:
    gone: dict[str, str | None] = dict.fromkeys(now.keys() - then.keys())
    return gone | {key: value for key, value in then.items() if now.get(key) != value}
