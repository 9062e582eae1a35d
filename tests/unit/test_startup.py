"""Whoever has the plugin and does not use it must not notice: a pytest11 entry point is loaded in every run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("kubernetes", "aiohttp", "dns", "scapy", "yaml", "msgspec", "urllib3", "asyncio", "conformance_suites")
# Of the processor time of a start of pytest. The plugin itself takes 7 % of it; msgspec alone would take 15 %.
RATIO = 1.15
ROUNDS = 12
ENDS = f"import sys; print('heavy:', sorted(set(sys.modules) & set({HEAVY})))"
CONFTEST = f"def pytest_unconfigure(): {ENDS}"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of an installation: compiled files are kept, here in a folder of the tests' own; no other plugin is loaded."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PYTEST_", "K8SNET_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    compiled = str(tmp_path_factory.mktemp("compiled"))
    return kept | {"PYTHONPYCACHEPREFIX": compiled, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    (made / "pytest.ini").write_text("[pytest]\n")
    (made / "test_own.py").write_text("def test_own(): pass\n")
    return made


def _processor_seconds(project: Path, environment: dict[str, str], *arguments: str) -> float:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *arguments]
    process = subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime


def test_the_start_of_pytest_is_no_slower_with_the_plugin(project: Path, environment: dict[str, str]) -> None:
    """Measured in turns, the best of each: what else the machine does comes and goes, what we cost stays."""
    with_plugin, without = [], []
    for _ in range(ROUNDS):
        without.append(_processor_seconds(project, environment))
        with_plugin.append(_processor_seconds(project, environment, "-p", "pytest_k8snet.plugin"))
        if len(without) > 1 and min(with_plugin) <= RATIO * min(without):
            return
    pytest.fail(f"pytest starts {min(with_plugin) / min(without):.2f} times as slowly: {with_plugin} {without}")


def test_a_run_without_k8snet_imports_nothing_heavy(project: Path, environment: dict[str, str]) -> None:
    (project / "conftest.py").write_text(CONFTEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "pytest_k8snet.plugin"]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "heavy: []" in done.stdout


def test_the_entry_point_alone_imports_nothing_heavy(environment: dict[str, str]) -> None:
    program = f"import pytest_k8snet.plugin; {ENDS}"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "heavy: []\n"


def test_what_is_heavy_would_be_seen(environment: dict[str, str]) -> None:
    program = f"import yaml; {ENDS}"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "heavy: ['yaml']\n"
