"""The store: versions, watches, admission, deletion."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from pytest_k8snet.embedded.api.bootstrap import new_store
from pytest_k8snet.embedded.api.deletion import DeleteOptions, delete
from pytest_k8snet.embedded.api.janitor import Janitor
from pytest_k8snet.embedded.api.resource import Resource
from pytest_k8snet.embedded.api.status import StoreError, forbidden
from pytest_k8snet.embedded.api.store import BACKLOG, HISTORY, Store, Write

Object = dict[str, Any]


def configmap(name: str, **data: str) -> Object:
    return {"metadata": {"name": name, "namespace": "default"}, "data": data}


def put(store: Store, name: str, **data: str) -> Object:
    return store.create("configmaps", configmap(name, **data))


def version(obj: Object) -> int:
    return int(obj["metadata"]["resourceVersion"])


def test_what_is_handed_out_never_changes() -> None:
    store = Store()
    given = configmap("a", x="1")
    first = store.create("configmaps", given)
    given["data"]["x"] = "changed by the caller"
    store.update("configmaps", "a", "default", lambda obj: obj["data"].update(x="2"))
    assert first["data"] == {"x": "1"}
    assert store.need("configmaps", "a", "default")["data"] == {"x": "2"}


def test_every_change_has_a_greater_version() -> None:
    store = Store()
    first = put(store, "a")
    second = store.update("configmaps", "a", "default", lambda obj: obj.update(data={"x": "1"}))
    gone = store.remove("configmaps", "a", "default")
    assert version(first) < version(second) < version(gone) == store.version


def test_equal_is_no_change() -> None:
    store = Store()
    put(store, "a", x="1")
    before = store.version
    store.set_status("configmaps", "a", "default", {"phase": "x"})
    store.set_status("configmaps", "a", "default", {"phase": "x"})
    assert store.version == before + 1


def test_status_keys_are_merged() -> None:
    store = new_store()
    store.create("nodes", {"metadata": {"name": "n"}, "status": {"phase": "a"}})
    store.set_status("nodes", "n", "", {"addresses": []})
    assert store.need("nodes", "n")["status"] == {"phase": "a", "addresses": []}


def test_lists_are_in_order_of_namespace_and_name() -> None:
    store = Store()
    for namespace, name in (("b", "x"), ("a", "z"), ("a", "y")):
        store.create("configmaps", {"metadata": {"name": name, "namespace": namespace}})
    assert [obj["metadata"]["name"] for obj in store.list("configmaps")] == ["y", "z", "x"]
    assert [obj["metadata"]["name"] for obj in store.list("configmaps", "b")] == ["x"]


def test_unknown_kinds_and_objects_are_404() -> None:
    store = Store()
    for ask in (lambda: store.list("gizmos"), lambda: store.need("pods", "x", "y"), lambda: store.remove("pods", "x")):
        with pytest.raises(StoreError) as refused:
            ask()
        assert refused.value.status == 404


def test_an_admission_rule_completes_refuses_and_warns() -> None:
    def rule(store: Store, resource: Resource, obj: Object, old: Object | None) -> Iterable[str]:
        if "bad" in obj["data"]:
            raise forbidden("configmaps", "a", "bad")
        obj["data"]["seen"] = "yes"
        return ["careful"]

    store, warnings = Store([rule]), []
    stored = store.create("configmaps", configmap("a"), Write(warn=warnings.append))
    assert (stored["data"], warnings) == ({"seen": "yes"}, ["careful"])
    with pytest.raises(StoreError, match="forbidden"):
        store.replace("configmaps", {**stored, "data": {"bad": "1"}})


def test_a_subscription_begins_with_what_exists() -> None:
    async def follow() -> list[tuple[str, str]]:
        store = Store()
        put(store, "a")
        seen: list[tuple[str, str]] = []
        async for kind, obj in store.subscribe("configmaps"):
            seen.append((kind, obj["metadata"]["name"]))
            if len(seen) == 1:
                put(store, "b")
                store.remove("configmaps", "a", "default")
            if len(seen) == 3:
                break
        return seen

    assert asyncio.run(follow()) == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a")]


def test_a_watch_goes_on_after_a_version_while_it_is_remembered() -> None:
    async def follow() -> list[str]:
        store = Store()
        since = version(put(store, "a"))
        put(store, "b")
        with store.watch("configmaps", since) as watch:
            put(store, "c")
            return [change.obj["metadata"]["name"] for change in await watch.batch()]

    assert asyncio.run(follow()) == ["b", "c"]


def test_a_forgotten_version_is_expired() -> None:
    store = Store()
    since = version(put(store, "a"))
    for number in range(HISTORY):
        store.update("configmaps", "a", "default", lambda obj, n=number: obj.update(data={"n": str(n)}))
    store.watch("configmaps", since)
    store.remove("configmaps", "a", "default")
    with pytest.raises(StoreError) as refused:
        store.watch("configmaps", since)
    assert (refused.value.status, refused.value.reason) == (410, "Expired")


def test_a_watcher_that_reads_nothing_is_sent_away() -> None:
    async def follow() -> None:
        store = Store()
        put(store, "a")
        with store.watch("configmaps") as watch:
            for number in range(BACKLOG + 1):
                store.update("configmaps", "a", "default", lambda obj, n=number: obj.update(data={"n": str(n)}))
            assert len(await watch.batch()) == BACKLOG
            with pytest.raises(StoreError, match="fell behind"):
                await watch.batch()

    asyncio.run(follow())


def test_a_closed_watch_gets_nothing_more() -> None:
    store = Store()
    with store.watch("configmaps"):
        pass
    assert not any(store._watches.values())


def scheduled_pod(store: Store, **metadata: Any) -> Object:
    body: Object = {"metadata": {"name": "p", "namespace": "default", **metadata}}
    return store.create("pods", {**body, "spec": {"nodeName": "n", "containers": [{"name": "a", "image": "b"}]}})


def test_the_kubelet_ends_a_graceful_deletion() -> None:
    store = new_store()
    scheduled_pod(store)
    _, gone = delete(store, store.resource("pods"), "p", "default", DeleteOptions(grace=5))
    assert not gone
    store.remove("pods", "p", "default")
    assert store.get("pods", "p", "default") is None


def test_a_finalizer_outlives_the_kubelet() -> None:
    store = new_store()
    scheduled_pod(store, finalizers=["example.org/hold"])
    delete(store, store.resource("pods"), "p", "default", DeleteOptions())
    store.remove("pods", "p", "default")
    assert store.need("pods", "p", "default")["metadata"]["deletionGracePeriodSeconds"] == 0
    store.update("pods", "p", "default", lambda obj: obj["metadata"].pop("finalizers"))
    assert store.get("pods", "p", "default") is None


def test_a_finalizer_that_goes_first_leaves_the_grace_period() -> None:
    store = new_store()
    scheduled_pod(store, finalizers=["example.org/hold"])
    delete(store, store.resource("pods"), "p", "default", DeleteOptions())
    store.update("pods", "p", "default", lambda obj: obj["metadata"].pop("finalizers"))
    assert store.get("pods", "p", "default") is not None


def test_the_janitor_reaches_a_state_without_further_changes() -> None:
    store = new_store()
    janitor = Janitor(store, "pem")
    owner = put(store, "owner")
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    metadata = {"name": "child", "namespace": "default", "ownerReferences": [reference]}
    store.create("secrets", {"metadata": metadata})

    async def settle() -> int:
        rounds = 0
        with store.watch_everything() as watch:
            store.remove("configmaps", "owner", "default")
            while watch._pending:
                janitor.follow(await watch.batch())
                rounds += 1
        return rounds

    assert asyncio.run(settle()) < 5
    assert store.get("secrets", "child", "default") is None


def test_the_janitor_copes_with_a_namespace_that_goes_as_it_comes() -> None:
    store = new_store()
    janitor = Janitor(store, "pem")

    async def settle() -> None:
        with store.watch_everything() as watch:
            store.create("namespaces", {"metadata": {"name": "brief"}})
            delete(store, store.resource("namespaces"), "brief", "", DeleteOptions())
            while watch._pending:
                janitor.follow(await watch.batch())

    asyncio.run(settle())
    assert store.get("namespaces", "brief") is None
