"""Watches: what exists first, changes in order, selectors, bookmarks, going on from a version, and 410."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from pytest_k8snet.embedded.api.store import HISTORY

Object = dict[str, Any]
MERGE = {"Content-Type": "application/merge-patch+json"}


def of(namespace: str, query: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps?watch=true&{query}"


def write(api: Any, namespace: str, name: str, **labels: str | None) -> int:
    """Create or change a ConfigMap's labels; gives the new version."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    body: Object = {"metadata": {"name": name, "labels": labels}}
    answer = api.request("PATCH", f"{path}/{name}", body, headers=MERGE)
    if answer.status == 404:
        answer = api.request("POST", path, body)
    return int(answer.body["metadata"]["resourceVersion"])


def seen(events: list[Object]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


def many(number: int) -> Callable[[list[Object]], bool]:
    return lambda events: len(events) >= number


def test_a_watch_begins_with_what_exists(api: Any, namespace: str) -> None:
    write(api, namespace, "a")
    events = api.lines(of(namespace, "timeoutSeconds=5"), many(2))
    assert seen(events) == [("ADDED", "a"), ("ADDED", "kube-root-ca.crt")]


def test_a_watch_goes_on_after_a_version(api: Any, namespace: str) -> None:
    version = write(api, namespace, "a")
    write(api, namespace, "b")
    write(api, namespace, "a", x="1")
    api.request("DELETE", f"/api/v1/namespaces/{namespace}/configmaps/b")
    events = api.lines(of(namespace, f"resourceVersion={version}&timeoutSeconds=5"), many(3))
    assert seen(events) == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]


def test_a_selector_turns_changes_into_additions_and_deletions(api: Any, namespace: str) -> None:
    version = write(api, namespace, "a", group="x")
    write(api, namespace, "a", group="y")
    write(api, namespace, "a", group="x")
    write(api, namespace, "a", group="x", more="1")
    query = f"resourceVersion={version}&labelSelector=group%3Dx&timeoutSeconds=5"
    assert seen(api.lines(of(namespace, query), many(3))) == [("DELETED", "a"), ("ADDED", "a"), ("MODIFIED", "a")]


def test_a_watch_ends_at_its_time(api: Any, namespace: str) -> None:
    started = time.monotonic()
    events = api.lines(of(namespace, f"resourceVersion={write(api, namespace, 'a')}&timeoutSeconds=1"), many(1))
    assert events == []
    assert 0.9 < time.monotonic() - started < 3


def test_an_idle_watch_gets_bookmarks(api: Any, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_k8snet.embedded.api.watch.BOOKMARK_SECONDS", 0.05)
    version = write(api, namespace, "a")
    query = f"resourceVersion={version}&allowWatchBookmarks=true&timeoutSeconds=5"
    bookmark = api.lines(of(namespace, query), many(1))[0]
    assert (bookmark["type"], bookmark["object"]["kind"]) == ("BOOKMARK", "ConfigMap")
    assert int(bookmark["object"]["metadata"]["resourceVersion"]) >= version


def test_initial_events_end_with_a_marked_bookmark(api: Any, namespace: str) -> None:
    query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=5"
    write(api, namespace, "a")
    events = api.lines(of(namespace, query), many(3))
    assert [event["type"] for event in events] == ["ADDED", "ADDED", "BOOKMARK"]
    assert events[-1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_forgotten_version_is_a_410_event(api: Any, namespace: str) -> None:
    version = write(api, namespace, "a")

    async def flood() -> None:
        for number in range(HISTORY + 5):
            api.store.update("configmaps", "a", namespace, lambda obj, n=number: obj.update(data={"n": str(n)}))

    api.run(flood())
    events = api.lines(of(namespace, f"resourceVersion={version}&timeoutSeconds=5"), many(1))
    assert (events[0]["type"], events[0]["object"]["code"], events[0]["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_a_version_of_the_future_is_a_410_event(api: Any, namespace: str) -> None:
    events = api.lines(of(namespace, "resourceVersion=99999999&timeoutSeconds=5"), many(1))
    assert (events[0]["type"], events[0]["object"]["code"]) == ("ERROR", 410)


def test_a_table_watch_sends_rows(api: Any, namespace: str) -> None:
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io", "Authorization": "Bearer sesame"}
    connection = api.connect()
    connection.request("GET", of(namespace, "timeoutSeconds=5"), headers=accept)
    line = connection.getresponse().readline()
    connection.close()
    assert b'"kind":"Table"' in line
    assert b"kube-root-ca.crt" in line


def test_a_client_that_vanishes_is_forgotten(api: Any, namespace: str) -> None:
    def watchers() -> int:
        return len(api.store._watches["configmaps"])

    before = watchers()
    connection = api.connect()
    connection.request("GET", of(namespace, "timeoutSeconds=60"), headers={"Authorization": "Bearer sesame"})
    connection.getresponse().readline()
    assert watchers() == before + 1
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()
    end = time.monotonic() + 5
    while watchers() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert watchers() == before
