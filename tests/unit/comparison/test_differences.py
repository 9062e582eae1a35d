"""Differences are found, allowed for a reason, and missed when they are no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.comparison import document, recorded, steps
from tests.comparison.differences import Allowed, compare, load, verdict
from tests.comparison.paths import MISSING, pick
from tests.comparison.runner import Outcomes
from tests.comparison.steps import Step

REAL: Outcomes = {"pods": {"one": {"exit": 0, "list": [{"name": "a", "x": 1}, {"name": "b", "x": 2}]}}}


def changed(**outcome: object) -> Outcomes:
    return {"pods": {"one": {**REAL["pods"]["one"], **outcome}}}


def test_equal_outcomes_have_no_difference() -> None:
    assert compare(REAL, REAL) == []
    assert verdict([], []) == ""


def test_a_difference_is_told_with_its_step_its_path_and_both_values() -> None:
    found = compare(REAL, changed(list=[{"name": "b", "x": 3}, {"name": "a", "x": 1}]))
    assert [(one.step, one.path, one.real, one.embedded) for one in found] == [("pods/one", "list[b].x", 2, 3)]
    assert verdict(found, []) == "pods/one\n  list[b].x\n    - 2\n    + 3"


def test_of_a_long_text_the_lines_are_told_that_differ() -> None:
    found = compare(changed(stdout="a\nb\n"), changed(stdout="a\nc\n"))
    assert verdict(found, []) == "pods/one\n  stdout\n    - b\n    + c"


def test_a_step_that_is_missing_is_a_difference() -> None:
    assert compare(REAL, {"pods": {}})
    assert compare({}, REAL)


def test_an_allowed_difference_is_silent() -> None:
    found = compare(REAL, changed(exit=1))
    assert verdict(found, [Allowed("codes", "because", ["pods/*: exit"])]) == ""


def test_a_pattern_reads_brackets_as_they_are() -> None:
    found = compare(REAL, changed(list=[{"name": "a", "x": 1}, {"name": "b", "x": 3}]))
    assert verdict(found, [Allowed("lists", "because", ["pods/one: list[b].x"])]) == ""
    assert verdict(found, [Allowed("lists", "because", ["pods/one: list[ab].x"])]) != ""


def test_an_allowed_difference_that_is_no_more_is_told() -> None:
    told = verdict([], [Allowed("codes", "because", ["pods/*: exit"])])
    assert told == 'allowed, but no longer different: pods/*: exit ("codes")'


def test_paths_reach_into_lists_and_keys_with_dots() -> None:
    value = {"a": [{"b": 1}, {"b": 2}, {}], "x.y": 3}
    assert pick(value, "a[*].b") == [1, 2]
    assert pick(value, "a[1].b") == 2
    assert pick(value, '["x.y"]') == 3
    assert pick(value, "a[7].b") is MISSING


def test_every_step_of_the_scenario_is_recorded_and_none_besides() -> None:
    expected = {chapter.name: {step.name for step in chapter.steps} for chapter in steps.load()}
    assert {chapter: set(outcomes) for chapter, outcomes in recorded.read().items()} == expected


def test_nothing_is_recorded_that_never_came_true() -> None:
    outcomes = [outcome for chapter in recorded.read().values() for outcome in chapter.values()]
    assert not [outcome for outcome in outcomes if "never came true" in outcome]


def test_outcomes_are_read_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "gone.yaml").write_text("{}")
    outcomes: Outcomes = {"pods": {"one": {"stdout": "a\n\tb\n", "body": {"x": [None, True]}}}}
    recorded.write(outcomes, "v1.2.3", tmp_path)
    assert recorded.read(tmp_path) == outcomes
    assert recorded.version(tmp_path) == "v1.2.3"


def test_a_step_does_one_thing() -> None:
    with pytest.raises(ValueError, match="must be one of kubectl, request and events"):
        Step(name="both", kubectl="get pods", events="Pod/web")


def test_steps_that_are_none_are_refused_with_their_file(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("steps: [{name: x, kubctl: get pods}]")
    with pytest.raises(ValueError, match=r"wrong\.yaml: .*kubctl"):
        steps.load(tmp_path)
    (tmp_path / "wrong.yaml").write_text("steps: [{name: x, events: A/b}, {name: x, events: A/b}]")
    with pytest.raises(ValueError, match="two steps have the name"):
        steps.load(tmp_path)


def test_the_page_of_differences_is_up_to_date() -> None:
    assert document.PAGE.read_text() == document.page(), "run 'make docs' and commit docs/"
    assert all(entry.what in document.page() for entry in load())
