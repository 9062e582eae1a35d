"""Which tests a run consists of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import conformance_suites
from pytest_k8snet.checks import check_of
from pytest_k8snet.options import Settings


def choose_suites(config: pytest.Config) -> None:
    """Without paths on the command line, run the shipped suites. Each xdist worker chooses for itself, alike."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args[:] = [str(Path(conformance_suites.__file__).parent)]


def apply(config: pytest.Config, items: list[pytest.Item], settings: Settings) -> None:
    """Deselect the checks of levels that the profile leaves out; a level named with -m is asked for and stays.

    Checks that are left can be chosen by their ids: ``-k MODEL-001``.
    """
    levels = settings.profile_settings.levels
    asked = set(re.findall(r"\w+", config.getoption("markexpr") or ""))
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        if found := check_of(item):
            item.extra_keyword_matches.add(found.id)
        wanted = found is None or found.level in levels or found.level in asked
        (kept if wanted else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept
