"""Selectors: what they mean, how they are written, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.embedded.api.selectors import field_matcher, label_matcher, parse_labels, selector_matches
from pytest_k8snet.embedded.api.status import StoreError

keys = st.sampled_from(["app", "tier", "example.org/x", "in", "notin"])
values = st.sampled_from(["", "a", "b", "in", "1"])
labels = st.dictionaries(keys, values)


def refusal(work: Callable[[], object]) -> int | None:
    """The status with which ``work`` is refused, None when it is done."""
    try:
        work()
    except StoreError as refused:
        return refused.status
    return None


def labelled(**names: str) -> dict[str, Any]:
    return {"metadata": {"labels": names}}


@pytest.mark.parametrize(
    ("text", "matching", "other"),
    [
        ("app=web", {"app": "web"}, {"app": "x"}),
        ("app==web", {"app": "web"}, {}),
        ("app!=web", {}, {"app": "web"}),
        ("app", {"app": ""}, {}),
        ("!app", {"b": "c"}, {"app": ""}),
        ("app in (a, b)", {"app": "b"}, {"app": "c"}),
        ("app in (a,)", {"app": ""}, {}),
        ("app notin (a,b)", {}, {"app": "a"}),
        ("app=", {"app": ""}, {"app": "a"}),
        ("size>3", {"size": "4"}, {"size": "3"}),
        ("size<3", {"size": "-1"}, {"size": "many"}),
        ("a=b,c=d", {"a": "b", "c": "d"}, {"a": "b"}),
        ("a=b , !c", {"a": "b"}, {"a": "b", "c": ""}),
        ("in in (in)", {"in": "in"}, {}),
    ],
)
def test_a_label_selector_selects(text: str, matching: dict[str, str], other: dict[str, str]) -> None:
    match = label_matcher(text)
    assert match(labelled(**matching))
    assert not match(labelled(**other))


@pytest.mark.parametrize(
    "text", ["=", "a=b=c", "a in b", "a in (b", "a,", ",a", "a b", "-a=b", "a=-b", "a>x", "a in (b))", "!", "a!b", "("]
)
def test_a_malformed_label_selector_is_a_400(text: str) -> None:
    with pytest.raises(StoreError) as refused:
        parse_labels(text)
    assert refused.value.status == 400


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert refusal(lambda: label_matcher(text)(labelled(app="web"))) in (None, 400)
    assert refusal(lambda: field_matcher(text, ("metadata.name",))({"metadata": {"name": "x"}})) in (None, 400)


@given(key=keys, chosen=st.lists(values, min_size=1), held=labels)
def test_in_and_notin_are_opposites(key: str, chosen: list[str], held: dict[str, str]) -> None:
    listed = f"({','.join(chosen)})"
    inside = label_matcher(f"{key} in {listed}")(labelled(**held))
    outside = label_matcher(f"{key} notin {listed}")(labelled(**held))
    assert inside is not outside
    assert inside is (held.get(key) in chosen)


@given(wanted=labels, held=labels)
def test_equalities_mean_a_subset(wanted: dict[str, str], held: dict[str, str]) -> None:
    text = ",".join(f"{key}={value}" for key, value in wanted.items())
    subset = wanted.items() <= held.items()
    assert label_matcher(text)(labelled(**held)) is subset
    assert selector_matches({"matchLabels": wanted}, held) is subset


@given(held=labels, key=keys, chosen=st.lists(values, min_size=1))
def test_objects_and_text_agree(held: dict[str, str], key: str, chosen: list[str]) -> None:
    listed = f"({','.join(chosen)})"
    pairs = {"In": f"{key} in {listed}", "NotIn": f"{key} notin {listed}", "Exists": key, "DoesNotExist": f"!{key}"}
    for operator, text in pairs.items():
        expression: dict[str, Any] = {"key": key, "operator": operator}
        if operator.endswith("In"):
            expression["values"] = chosen
        assert selector_matches({"matchExpressions": [expression]}, held) is label_matcher(text)(labelled(**held))


def test_the_empty_selector_selects_everything() -> None:
    assert label_matcher("")(labelled())
    assert selector_matches({}, {"a": "b"})
    assert field_matcher("", ())({"metadata": {}})


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("spec.nodeName=n1", True),
        ("spec.nodeName==n1,status.phase!=Failed", True),
        ("spec.nodeName!=n1", False),
        ("status.phase=", True),
        ("metadata.name=other", False),
    ],
)
def test_a_field_selector_selects(text: str, matches: bool) -> None:
    obj = {"metadata": {"name": "a"}, "spec": {"nodeName": "n1"}}
    assert field_matcher(text, ("metadata.name", "spec.nodeName", "status.phase"))(obj) is matches


@pytest.mark.parametrize("text", ["spec.color=red", "name", "a.b>c"])
def test_a_field_that_cannot_be_selected_is_a_400(text: str) -> None:
    with pytest.raises(StoreError) as refused:
        field_matcher(text, ("metadata.name",))
    assert refused.value.status == 400
