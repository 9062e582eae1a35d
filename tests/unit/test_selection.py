"""Which tests a run consists of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

import conformance_suites
from pytest_k8snet.checks import Check
from pytest_k8snet.options import Settings
from pytest_k8snet.profiles import LEVELS
from pytest_k8snet.selection import apply, choose_suites


class Item:
    """As much of a collected test as is looked at: one of each level, and a test of a user's own."""

    def __init__(self, level: str) -> None:
        self.name = level or "own"
        self.extra_keyword_matches: set[str] = set()
        self._check = Check("MODEL-001", "model", level, "", (), ()) if level else None

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return pytest.mark.k8snet_check(self._check).mark if self._check else None


LeftAfter = Callable[..., list[str]]


@pytest.fixture
def left_after(make_settings: Callable[..., Settings]) -> LeftAfter:
    """Return the names of what is left, and see that the rest is said to be deselected."""

    def select(profile: str, asked: str = "", calibrate: str = "") -> list[str]:
        items = [Item(level) for level in ("", *LEVELS)]
        told: list[Item] = []
        hook = SimpleNamespace(pytest_deselected=lambda items: told.extend(items))
        config = cast(pytest.Config, SimpleNamespace(getoption={"markexpr": asked}.get, hook=hook))
        everything = set(items)
        apply(config, cast(list[pytest.Item], items), make_settings(profile=profile, calibrate=calibrate))
        assert {*told} == everything - {*items}
        return [item.name for item in items]

    return select


def test_a_profile_leaves_out_the_levels_that_it_does_not_name(left_after: LeftAfter) -> None:
    assert left_after("smoke") == ["own", "core"]
    assert left_after("standard") == ["own", "core", "extended"]
    assert left_after("nightly") == ["own", "core", "extended", "performance"]


def test_a_calibration_also_measures_because_there_are_faults_of_speed(left_after: LeftAfter) -> None:
    assert left_after("smoke", calibrate="all") == ["own", "core", "extended", "performance"]


def test_a_level_that_is_named_with_m_is_asked_for(left_after: LeftAfter) -> None:
    assert left_after("smoke", "model and drill") == ["own", "core", "drill"]
    assert left_after("smoke", "(extended or performance)") == ["own", "core", "extended", "performance"]


def test_a_marker_whose_name_holds_a_levels_name_asks_for_nothing(left_after: LeftAfter) -> None:
    assert left_after("smoke", "not drilling and my_performance") == ["own", "core"]


@pytest.mark.parametrize("configured", [False, True])
def test_without_paths_the_shipped_suites_run(pytester: pytest.Pytester, configured: bool) -> None:
    if configured:
        pytester.makeini("[pytest]\ntestpaths = .\n")
    config = pytester.parseconfig()
    choose_suites(config)
    assert config.args == [str(Path(conformance_suites.__file__).parent)]


def test_paths_on_the_command_line_are_what_runs(pytester: pytest.Pytester) -> None:
    file = pytester.makepyfile("def test_own(): pass")
    config = pytester.parseconfig(str(file))
    choose_suites(config)
    assert config.args == [str(file)]
