"""Removing what is ours, and only that."""

from __future__ import annotations

from typing import Any, cast

import pytest

from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube import labels, sweep
from pytest_k8snet.kube.client import KubeApi

Object = dict[str, Any]


def _namespace(name: str, run: str | None = None) -> Object:
    return {"metadata": {"name": name, "labels": {labels.RUN: run} if run else {}}}


class FakeApi:
    """Namespaces, of which those in ``stuck`` do not go. ``done`` is what was done, in order."""

    def __init__(self, *namespaces: Object, stuck: tuple[str, ...] = ()) -> None:
        self.namespaces = {namespace["metadata"]["name"]: namespace for namespace in namespaces}
        self.stuck = stuck
        self.done: list[str] = []

    def objects(self, api_version: str, kind: str, namespace: str | None = None, *, labels: str = "") -> list[Object]:
        key, equals, value = labels.partition("=")
        if kind == "ConfigMap":
            return []
        return [
            found
            for found in self.namespaces.values()
            if key in (carried := found["metadata"]["labels"]) and (not equals or carried[key] == value)
        ]

    def delete_all(self, api_version: str, kind: str, namespace: str, *, grace: int) -> None:
        self.done.append(f"delete all {kind} of {namespace} in {grace} s")

    def delete(self, api_version: str, kind: str, name: str) -> None:
        self.done.append(f"delete {kind} {name}")
        if name not in self.stuck:
            del self.namespaces[name]

    def get(self, api_version: str, kind: str, name: str) -> Object:
        if name not in self.namespaces:
            raise ApiError(f"get Namespace {name}: not found", status=404)
        return self.namespaces[name]


@pytest.fixture
def api() -> FakeApi:
    return FakeApi(
        _namespace("default"),
        _namespace("k8snet-of-somebody"),
        _namespace("k8snet-1-a", "1"),
        _namespace("k8snet-1-b", "1"),
        _namespace("k8snet-2-a", "2"),
        _namespace("k8snet-3-a", "3"),
    )


def _names(namespaces: list[Object]) -> list[str]:
    return [namespace["metadata"]["name"] for namespace in namespaces]


def test_a_namespace_is_ours_by_its_label_and_not_by_its_name(api: FakeApi) -> None:
    ours = sweep.namespaces_of(cast(KubeApi, api))
    assert _names(ours) == ["k8snet-1-a", "k8snet-1-b", "k8snet-2-a", "k8snet-3-a"]


def test_a_run_takes_away_its_own_namespaces_pods_first(api: FakeApi) -> None:
    assert sweep.delete_run(cast(KubeApi, api), "1") == []
    assert api.done == [
        "delete all Pod of k8snet-1-a in 0 s",
        "delete all Pod of k8snet-1-b in 0 s",
        "delete Namespace k8snet-1-a",
        "delete Namespace k8snet-1-b",
    ]


def test_a_run_without_namespaces_deletes_nothing(api: FakeApi) -> None:
    assert sweep.delete_run(cast(KubeApi, api), "4") == []
    assert api.done == []


def test_a_namespace_that_does_not_go_is_told(api: FakeApi) -> None:
    api.stuck = ("k8snet-1-b",)
    assert sweep.delete_run(cast(KubeApi, api), "1", seconds=0.05) == ["k8snet-1-b"]
