"""The agent runs wherever there is Python 3.8, with nothing installed."""

from __future__ import annotations

import ast
import pathlib
import shutil
import subprocess
import sys

import pytest

from pytest_k8snet import agent

FOLDER = pathlib.Path(agent.__file__).parent
MODULES = sorted(FOLDER.glob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_has_the_syntax_of_python_3_8(path: pathlib.Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 8))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_imports_the_standard_library_and_its_neighbours_only(path: pathlib.Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= sys.stdlib_module_names
        if isinstance(node, ast.ImportFrom):
            assert node.level == 1 or str(node.module).split(".")[0] in sys.stdlib_module_names


def test_the_folder_is_flat() -> None:
    # A ConfigMap has no folders.
    assert [path for path in FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"] == []


def _older_pythons() -> list[str]:
    """Python interpreters before ours, on the PATH or installed beside ours, the oldest first."""
    beside = pathlib.Path(sys.base_prefix).parent
    names = [f"python3.{minor}" for minor in range(8, sys.version_info.minor)]
    return [
        str(found)
        for name in names
        for found in (shutil.which(name), *beside.glob(f"*/bin/{name}"))
        if found is not None
    ]


def test_the_agent_answers_on_the_oldest_python_there_is() -> None:
    request = '{"id":1,"op":"probe","timeout":1,"probes":[{"address":"127.0.0.1","port":1,"protocol":"tcp"}]}\n'
    for python in _older_pythons():
        if subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode != 0:
            continue  # a version manager's stand-in for a Python that is switched off
        ended = subprocess.run(
            [python, "-m", "agent", "probe"],
            cwd=FOLDER.parent,
            input=request,
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        assert '"outcome":"refused"' in ended.stdout
        return
    pytest.skip("no Python older than ours is installed")
