"""What the tests of more than one module need: settings as a user would leave them, and the cheap inner pytest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet.options import OPTIONS, Settings


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """The defaults of every option, but for the given attributes."""

    def make(**given: Any) -> Settings:
        defaults = {option.name: option.parse(option.default) for option in OPTIONS}
        return Settings(**defaults | {"root": tmp_path} | given)

    return make


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    return make_settings()


@pytest.fixture
def said() -> list[str]:
    """What was told to the user: hand on ``said.append``."""
    return []
