"""Owners of fields: what an apply merges, takes away, contests."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.embedded.api.fieldsets import decode, encode, fields_of, readable
from pytest_k8snet.embedded.api.managers import apply_to, read_entries, track_update
from pytest_k8snet.embedded.api.shape import shape_of
from pytest_k8snet.embedded.api.status import StoreError

POD = shape_of("v1", "Pod")
SERVICE = shape_of("v1", "Service")
Object = dict[str, Any]

labels = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("xy"))
container = st.fixed_dictionaries(
    {"name": st.sampled_from(["one", "two", "three"])},
    optional={"image": st.sampled_from(["i", "j"]), "command": st.lists(st.sampled_from("pq"), max_size=2)},
)
containers = st.lists(container, max_size=3, unique_by=lambda entry: entry["name"])


def pod(labels: dict[str, str], containers: list[Object]) -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": labels}, "spec": {"containers": containers}}


pods = st.builds(pod, labels, containers)


def apply(live: Object, wanted: Object, manager: str = "me", *, force: bool = False) -> Object:
    return apply_to(live, wanted, POD, manager, subresource="", force=force)


def content(obj: Object) -> Object:
    return {
        "labels": obj["metadata"].get("labels") or {},
        "containers": {entry["name"]: entry for entry in obj.get("spec", {}).get("containers") or ()},
    }


@given(pods)
def test_paths_survive_encoding(obj: Object) -> None:
    paths = {path for path, _ in fields_of(obj, POD)}
    assert set(decode(encode(paths))) == paths


@given(pods)
def test_an_apply_alone_makes_what_it_wants(wanted: Object) -> None:
    empty = pod({}, [])
    assert content(apply(empty, wanted)) == content(wanted)


@given(pods)
def test_an_apply_done_twice_changes_nothing_more(wanted: Object) -> None:
    once = apply(pod({}, []), wanted)
    assert apply(once, wanted) == once


@given(pods, pods)
def test_the_later_apply_of_one_manager_wins(first: Object, second: Object) -> None:
    assert content(apply(apply(pod({}, []), first), second)) == content(second)


@given(labels, labels)
def test_two_managers_keep_what_each_wants(mine: dict[str, str], theirs: dict[str, str]) -> None:
    live = apply(pod({}, []), pod(mine, []))
    live = apply(live, pod(theirs, []), "them", force=True)
    assert live["metadata"]["labels"] == {**mine, **theirs}
    live = apply(live, pod({}, []), "them")
    disputed = {key for key in mine.keys() & theirs.keys() if mine[key] != theirs[key]}
    expected = {key: value for key, value in mine.items() if key not in disputed}
    assert live["metadata"].get("labels", {}) == expected


def test_a_conflict_names_manager_and_field() -> None:
    live = apply(pod({}, []), pod({"a": "x"}, [{"name": "one", "image": "i"}]))
    with pytest.raises(StoreError) as refused:
        apply(live, pod({"a": "y"}, [{"name": "one", "image": "j"}]), "them")
    assert refused.value.status == 409
    assert "Apply failed with 2 conflicts" in refused.value.message
    causes = {cause["field"] for cause in (refused.value.details or {})["causes"]}
    assert causes == {".metadata.labels.a", '.spec.containers[name="one"].image'}


def test_equal_values_are_shared_without_conflict() -> None:
    live = apply(pod({}, []), pod({"a": "x"}, []))
    shared = apply(live, pod({"a": "x"}, []), "them")
    assert apply(shared, pod({}, []))["metadata"]["labels"] == {"a": "x"}, "the other owner still wants it"


def test_a_plain_update_takes_the_fields_that_it_changes() -> None:
    live = apply(pod({}, []), pod({"a": "x", "b": "x"}, []))
    changed = {**live, "metadata": {**live["metadata"], "labels": {"a": "y", "b": "x"}}}
    track_update(changed, live, POD, "editor", "")
    owners = {entry.manager: {readable(path) for path in entry.fields} for entry in read_entries(changed)}
    assert owners == {"me": {".metadata.labels.b"}, "editor": {".metadata.labels.a"}}
    with pytest.raises(StoreError, match=r'conflict with "editor" using v1: \.metadata\.labels\.a'):
        apply(changed, pod({"a": "x", "b": "x"}, []))


def test_an_update_without_a_change_claims_nothing() -> None:
    live = apply(pod({}, []), pod({"a": "x"}, []))
    again = {**live, "metadata": {**live["metadata"]}}
    track_update(again, live, POD, "editor", "")
    assert again == live


def test_the_default_protocol_is_part_of_a_port_s_key() -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {},
        "spec": {"ports": [{"port": 80, "protocol": "TCP"}]},
    }
    wanted = {"apiVersion": "v1", "kind": "Service", "metadata": {}, "spec": {"ports": [{"port": 80, "name": "web"}]}}
    merged = apply_to(service, wanted, SERVICE, "me", subresource="", force=False)
    assert merged["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "name": "web"}]


def test_atomic_maps_have_one_owner_as_a_whole() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {}, "spec": {"selector": {"a": "b", "c": "d"}}}
    wanted = {**service, "spec": {"selector": {"a": "b"}}}
    merged = apply_to(service, wanted, SERVICE, "me", subresource="", force=False)
    assert merged["spec"]["selector"] == {"a": "b"}
