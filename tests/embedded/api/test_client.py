"""The Python client that the plugin itself uses: ``kubernetes``' DynamicClient."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Object = dict[str, Any]


@pytest.fixture
def client(api: Any, tmp_path: Path) -> Iterator[Any]:
    from kubernetes import client, config
    from kubernetes.dynamic import DynamicClient

    settings = client.Configuration()
    config.load_kube_config(str(api.kubeconfig), client_configuration=settings)
    with client.ApiClient(settings) as plain:
        yield DynamicClient(plain, cache_file=str(tmp_path / "discovery.json"))


@pytest.fixture
def pods(client: Any) -> Any:
    return client.resources.get(api_version="v1", kind="Pod")


@pytest.fixture
def configmaps(client: Any) -> Any:
    return client.resources.get(api_version="v1", kind="ConfigMap")


def test_every_kind_is_discovered(client: Any) -> None:
    for version, kind in (
        ("v1", "Namespace"),
        ("v1", "Node"),
        ("v1", "Service"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("discovery.k8s.io/v1", "EndpointSlice"),
        ("authorization.k8s.io/v1", "SelfSubjectAccessReview"),
    ):
        assert client.resources.get(api_version=version, kind=kind).kind == kind


def test_create_list_and_delete(pods: Any, namespace: str, make_pod: Callable[..., Object]) -> None:
    make_pod("first")
    body = {"metadata": {"name": "second"}, "spec": {"containers": [{"name": "a", "image": "b"}]}}
    made = pods.create(body=body, namespace=namespace)
    assert (made.kind, made.status.phase, made.spec.dnsPolicy) == ("Pod", "Pending", "ClusterFirst")
    assert [item.metadata.name for item in pods.get(namespace=namespace).items] == ["first", "second"]
    selected = pods.get(namespace=namespace, label_selector="app=first").items
    assert [item.metadata.name for item in selected] == ["first"]
    pods.delete(name="second", namespace=namespace)
    assert [item.metadata.name for item in pods.get(namespace=namespace).items] == ["first"]


def test_errors_have_their_classes(pods: Any, configmaps: Any, namespace: str) -> None:
    from kubernetes.dynamic import exceptions

    with pytest.raises(exceptions.NotFoundError):
        pods.get(name="nobody", namespace=namespace)
    with pytest.raises(exceptions.UnprocessibleEntityError):
        pods.create(body={"metadata": {"name": "x"}, "spec": {"containers": []}}, namespace=namespace)
    configmaps.create(body={"metadata": {"name": "a"}}, namespace=namespace)
    with pytest.raises(exceptions.ConflictError):
        configmaps.create(body={"metadata": {"name": "a"}}, namespace=namespace)


def test_server_side_apply_creates_merges_and_lets_go(client: Any, configmaps: Any, namespace: str) -> None:
    def apply(manager: str, data: Object, **options: Any) -> Any:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}
        done = client.server_side_apply(
            configmaps, body=body, name="a", namespace=namespace, field_manager=manager, **options
        )
        return done.data.to_dict()

    from kubernetes.dynamic.exceptions import ConflictError

    assert apply("one", {"x": "1", "y": "1"}) == {"x": "1", "y": "1"}
    assert apply("two", {"z": "2"}) == {"x": "1", "y": "1", "z": "2"}
    assert apply("one", {"x": "1"}) == {"x": "1", "z": "2"}
    with pytest.raises(ConflictError):
        apply("two", {"x": "2"})
    assert apply("two", {"x": "2"}, force_conflicts=True) == {"x": "2"}


@pytest.mark.parametrize(
    ("media_type", "patch"),
    [
        ("application/json-patch+json", [{"op": "add", "path": "/data", "value": {"x": "2"}}]),
        ("application/merge-patch+json", {"data": {"x": "2"}}),
        ("application/strategic-merge-patch+json", {"data": {"x": "2"}}),
    ],
)
def test_patch_types(configmaps: Any, namespace: str, media_type: str, patch: Any) -> None:
    configmaps.create(body={"metadata": {"name": "a"}, "data": {"x": "1"}}, namespace=namespace)
    patched = configmaps.patch(body=patch, name="a", namespace=namespace, content_type=media_type)
    assert patched.data.to_dict() == {"x": "2"}


def test_a_watch_sees_changes_and_bookmarks(configmaps: Any, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_k8snet.embedded.api.watch.BOOKMARK_SECONDS", 0.1)
    version = configmaps.get(namespace=namespace).metadata.resourceVersion

    def change() -> None:
        configmaps.create(body={"metadata": {"name": "a"}}, namespace=namespace)
        configmaps.delete(name="a", namespace=namespace)

    timer = threading.Timer(0.2, change)
    timer.start()
    kinds = []
    watch = configmaps.watch(namespace=namespace, resource_version=version, timeout=10, allow_watch_bookmarks=True)
    for event in watch:
        kinds.append(event["type"])
        if event["type"] == "DELETED":
            break
    timer.join()
    assert [kind for kind in kinds if kind != "BOOKMARK"] == ["ADDED", "DELETED"]
    assert kinds[0] == "BOOKMARK"


def test_access_review_allows(client: Any) -> None:
    reviews = client.resources.get(api_version="authorization.k8s.io/v1", kind="SelfSubjectAccessReview")
    attributes = {"verb": "create", "resource": "pods", "subresource": "exec"}
    assert reviews.create(body={"spec": {"resourceAttributes": attributes}}).status.allowed is True
