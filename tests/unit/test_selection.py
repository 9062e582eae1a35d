"""Which tests a run consists of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import conformance_suites
from pytest_k8snet.options import Settings
from pytest_k8snet.profiles import LEVELS
from pytest_k8snet.selection import apply, choose_suites

TESTS = "from pytest_k8snet.checks import check\n" + "".join(
    f"""
@check("MODEL-00{number}", spec="", level="{level}", catches=())
def test_{level}(): pass
"""
    for number, level in enumerate(LEVELS)
)
OWN = "\ndef test_own(): pass\n"


class Deselected:
    """Keeps what other plugins are told of."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.names += [item.name for item in items]


@pytest.fixture
def left_after(pytester: pytest.Pytester, make_settings: Callable[..., Settings]) -> Callable[..., list[str]]:
    def select(profile: str, *arguments: str, calibrate: str = "") -> list[str]:
        items = list(pytester.getitems(TESTS + OWN))
        config = pytester.parseconfig(*arguments)
        told = Deselected()
        config.pluginmanager.register(told)
        everything = {item.name for item in items}
        apply(config, items, make_settings(profile=profile, calibrate=calibrate))
        left = [item.name.removeprefix("test_") for item in items]
        assert {*told.names} == everything - {f"test_{name}" for name in left}
        return left

    return select


def test_a_profile_leaves_out_the_levels_that_it_does_not_name(left_after: Callable[..., list[str]]) -> None:
    assert left_after("smoke") == ["core", "own"]
    assert left_after("standard") == ["core", "extended", "own"]
    assert left_after("nightly") == ["core", "extended", "performance", "own"]


def test_a_calibration_measures_nothing(left_after: Callable[..., list[str]]) -> None:
    assert left_after("acceptance", calibrate="all") == ["core", "extended", "own"]


def test_a_level_that_is_named_with_m_is_asked_for(left_after: Callable[..., list[str]]) -> None:
    assert left_after("smoke", "-m", "model and drill") == ["core", "drill", "own"]
    assert left_after("smoke", "-m", "(extended or performance)") == ["core", "extended", "performance", "own"]


def test_a_marker_whose_name_holds_a_levels_name_asks_for_nothing(left_after: Callable[..., list[str]]) -> None:
    assert left_after("smoke", "-m", "not drilling and my_performance") == ["core", "own"]


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
