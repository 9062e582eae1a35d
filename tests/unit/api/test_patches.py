"""The patches: JSON patch, merge patch, strategic merge patch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.embedded.api.patch import json_patch, merge_patch
from pytest_k8snet.embedded.api.shape import shape_of
from pytest_k8snet.embedded.api.status import StoreError
from pytest_k8snet.embedded.api.strategic import strategic_patch

POD = shape_of("v1", "Pod")
names = st.sampled_from(["a", "b", "c", "~", "/"])
documents = st.recursive(
    st.booleans() | st.integers(0, 3) | st.sampled_from(["", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=10,
)
maps = st.dictionaries(names, documents, max_size=3)


def refusal(work: Callable[[], object]) -> int | None:
    """The status with which ``work`` is refused, None when it is done."""
    try:
        work()
    except StoreError as refused:
        return refused.status
    return None


def diff(source: Any, target: Any) -> Any:
    """A merge patch that leads from one map to another."""
    if not (isinstance(source, dict) and isinstance(target, dict)):
        return target
    patch: dict[str, Any] = {key: None for key in source if key not in target}
    return patch | {key: diff(source.get(key), value) for key, value in target.items() if source.get(key) != value}


@given(maps, maps)
def test_a_merge_patch_leads_where_its_difference_says(source: dict[str, Any], target: dict[str, Any]) -> None:
    before = copy.deepcopy(source)
    assert merge_patch(source, diff(source, target)) == target
    assert source == before, "a patch changes nothing that it was given"


@given(maps, documents)
def test_a_merge_patch_done_twice_changes_nothing_more(source: dict[str, Any], patch: Any) -> None:
    once = merge_patch(source, patch)
    assert merge_patch(once, patch) == once


@pytest.mark.parametrize(
    ("source", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_rfc_7386(source: Any, patch: Any, result: Any) -> None:
    assert merge_patch(source, patch) == result


@pytest.mark.parametrize(
    ("source", "operations", "result"),
    [
        ({"a": 1}, [{"op": "add", "path": "/b", "value": 2}], {"a": 1, "b": 2}),
        ({"a": ["x", "y"]}, [{"op": "add", "path": "/a/1", "value": "z"}], {"a": ["x", "z", "y"]}),
        ({"a": ["x"]}, [{"op": "add", "path": "/a/-", "value": "z"}], {"a": ["x", "z"]}),
        ({"a": 1, "b": 2}, [{"op": "remove", "path": "/b"}], {"a": 1}),
        ({"a": ["x", "y"]}, [{"op": "remove", "path": "/a/0"}], {"a": ["y"]}),
        ({"a": ["x", "y"]}, [{"op": "replace", "path": "/a/0", "value": "z"}], {"a": ["z", "y"]}),
        ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
        ({"a": {"b": 1}}, [{"op": "move", "from": "/a/b", "path": "/c"}], {"a": {}, "c": 1}),
        ({"a": {"b": 1}}, [{"op": "copy", "from": "/a", "path": "/c"}], {"a": {"b": 1}, "c": {"b": 1}}),
        ({"a/b": 1, "~": 2}, [{"op": "remove", "path": "/a~1b"}, {"op": "remove", "path": "/~0"}], {}),
        ({"a": 1}, [{"op": "test", "path": "/a", "value": 1}], {"a": 1}),
    ],
)
def test_json_patch_operations(source: Any, operations: Any, result: Any) -> None:
    before = copy.deepcopy(source)
    assert json_patch(source, operations) == result
    assert source == before


@pytest.mark.parametrize(
    ("operations", "status"),
    [
        ({}, 400),
        (["add"], 400),
        ([{"op": "add", "path": "a", "value": 1}], 400),
        ([{"op": "add", "path": "/a"}], 400),
        ([{"op": "spell", "path": "/a"}], 400),
        ([{"op": "move", "path": "/a"}], 400),
        ([{"op": "remove", "path": "/missing"}], 422),
        ([{"op": "replace", "path": "/missing", "value": 1}], 422),
        ([{"op": "test", "path": "/a", "value": True}], 422),
        ([{"op": "add", "path": "/list/7", "value": 1}], 422),
        ([{"op": "add", "path": "/list/01", "value": 1}], 422),
        ([{"op": "add", "path": "/a/b", "value": 1}], 422),
        ([{"op": "move", "from": "/map", "path": "/map/inner"}], 422),
    ],
)
def test_json_patches_that_cannot_be(operations: Any, status: int) -> None:
    with pytest.raises(StoreError) as refused:
        json_patch({"a": 1, "list": [0], "map": {}}, operations)
    assert refused.value.status == status


@given(maps, names, documents)
def test_adding_and_removing_is_no_change(source: dict[str, Any], name: str, value: Any) -> None:
    source.pop(name, None)
    path = "/" + name.replace("~", "~0").replace("/", "~1")
    operations = [
        {"op": "add", "path": path, "value": value},
        {"op": "test", "path": path, "value": value},
        {"op": "remove", "path": path},
    ]
    assert json_patch(source, operations) == source


@given(
    documents,
    st.lists(
        st.fixed_dictionaries(
            {
                "op": st.sampled_from(["add", "remove", "replace", "test", "move", "copy"]),
                "path": st.lists(st.sampled_from(["a", "b", "0", "-"]), max_size=3).map(
                    lambda parts: "".join(f"/{p}" for p in parts)
                ),
                "from": st.sampled_from(["", "/a", "/a/0"]),
                "value": documents,
            }
        ),
        max_size=3,
    ),
)
def test_any_json_patch_is_done_or_refused(source: Any, operations: list[dict[str, Any]]) -> None:
    assert refusal(lambda: json_patch(source, operations)) in (None, 400, 422)


def pod(*containers: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"metadata": metadata, "spec": {"containers": list(containers)}}


def strategic(target: dict[str, Any], **spec: Any) -> Any:
    return strategic_patch(target, {"spec": spec}, POD)["spec"]


def test_entries_of_lists_are_merged_by_their_key() -> None:
    target = pod({"name": "a", "image": "1"}, {"name": "b", "image": "1"})
    patched = strategic(target, containers=[{"name": "b", "image": "2"}, {"name": "c", "image": "3"}])
    assert patched["containers"] == [
        {"name": "a", "image": "1"},
        {"name": "b", "image": "2"},
        {"name": "c", "image": "3"},
    ]


def test_an_entry_is_deleted_by_directive() -> None:
    target = pod({"name": "a"}, {"name": "b"})
    assert strategic(target, containers=[{"name": "a", "$patch": "delete"}])["containers"] == [{"name": "b"}]


def test_a_list_is_replaced_by_directive() -> None:
    target = pod({"name": "a"}, {"name": "b"})
    assert strategic(target, containers=[{"$patch": "replace"}, {"name": "c"}])["containers"] == [{"name": "c"}]


def test_a_map_is_replaced_by_directive() -> None:
    target = {"metadata": {"labels": {"a": "b"}}}
    patch = {"metadata": {"labels": {"$patch": "replace", "c": "d"}}}
    assert strategic_patch(target, patch, POD) == {"metadata": {"labels": {"c": "d"}}}


def test_lists_without_a_key_are_replaced() -> None:
    target = pod({"name": "a", "command": ["x", "y"]})
    patched = strategic(target, containers=[{"name": "a", "command": ["z"]}])
    assert patched["containers"] == [{"name": "a", "command": ["z"]}]


def test_lists_of_text_that_merge_are_united_and_cut() -> None:
    target = {"metadata": {"finalizers": ["a/x", "b/y"]}}
    united = strategic_patch(target, {"metadata": {"finalizers": ["b/y", "c/z"]}}, POD)
    assert united["metadata"]["finalizers"] == ["a/x", "b/y", "c/z"]
    cut = strategic_patch(united, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/x"]}}, POD)
    assert cut["metadata"]["finalizers"] == ["b/y", "c/z"]


def test_the_order_is_as_directed() -> None:
    target = pod({"name": "a"}, {"name": "b"}, {"name": "c"})
    order = [{"name": "c"}, {"name": "a"}]
    patched = strategic(target, **{"$setElementOrder/containers": order, "containers": []})
    listed = [container["name"] for container in patched["containers"]]
    assert listed.index("c") < listed.index("a")
    assert sorted(listed) == ["a", "b", "c"]


def test_only_retained_keys_stay() -> None:
    target = {"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}
    volume = {"name": "v", "configMap": {"name": "x"}, "$retainKeys": ["name", "configMap"]}
    patched = strategic_patch(target, {"spec": {"volumes": [volume]}}, POD)
    assert patched["spec"]["volumes"] == [{"name": "v", "configMap": {"name": "x"}}]


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        ([], 400),
        ({"spec": {"containers": ["a"]}}, 400),
        ({"spec": {"containers": [{"image": "x"}]}}, 422),
        ({"$patch": "dance"}, 400),
        ({"$retainKeys": "a"}, 400),
        ({"$unknown": 1}, 400),
    ],
)
def test_malformed_strategic_patches(patch: Any, status: int) -> None:
    with pytest.raises(StoreError) as refused:
        strategic_patch(pod({"name": "a"}), patch, POD)
    assert refused.value.status == status


@given(maps, maps)
def test_without_a_shape_it_is_a_merge_patch(source: dict[str, Any], patch: dict[str, Any]) -> None:
    assert strategic_patch(source, patch, shape_of("v1", "Unknown")) == merge_patch(source, patch)
