"""What the tests of more than one module need: settings as a user would leave them, and an inner pytest on its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet.options import OPTIONS, Settings

OF_THE_CLUSTER = {"KUBECONFIG", "KUBERNETES_SERVICE_HOST", *(option.variable for option in OPTIONS)}


@pytest.fixture
def runtime_dir(tmp_path: Path) -> Path:
    """The folder in which an inner pytest would put the folders of its runs."""
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def pytester(pytester: pytest.Pytester, runtime_dir: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An inner pytest that knows of no cluster of whoever runs the tests."""
    for name in OF_THE_CLUSTER & {*os.environ}:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime_dir))
    # Each inner run would import hypothesis anew, which takes most of a second.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")
    return pytester


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
