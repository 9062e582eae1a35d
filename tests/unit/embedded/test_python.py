"""Which command lines the zygote runs itself, and that the program finds itself in a fresh Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_k8snet.embedded.container.python import python_program

BECOME = (
    "import sys; from pytest_k8snet.embedded.container.python import python_program; python_program(sys.argv[1:])()"
)


def run(folder: Path, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    """What a forked zygote does, in a process of its own."""
    command = [sys.executable, "-c", BECOME, *argv]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    variables = {**inherited, **env}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "argv",
    [["sh", "-c", "x"], ["python3"], ["python3", "-i", "x"], ["python3", "-V"], ["/usr/bin/python3", "-c", "x"]],
)
def test_other_programs_and_options_need_an_interpreter_of_their_own(argv: list[str]) -> None:
    assert python_program(argv) is None


def test_a_module_is_run_with_its_arguments(tmp_path: Path) -> None:
    (tmp_path / "tool.py").write_text("import sys; print(__name__, sys.argv[1:], sys.path[0])")
    assert run(tmp_path, "python3", "-m", "tool", "a", "b").stdout == f"__main__ ['a', 'b'] {tmp_path}\n"


def test_modules_are_found_by_pythonpath(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/found.py").write_text("print('found')")
    assert run(tmp_path, "python3", "-u", "-m", "found", PYTHONPATH=f"{tmp_path}/lib").stdout == "found\n"


def test_a_file_is_run_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("word = 'beside'")
    (tmp_path / "main.py").write_text("import beside, sys; print(beside.word, sys.argv)")
    assert run(Path("/"), "python3", str(tmp_path / "main.py"), "x").stdout == f"beside ['{tmp_path}/main.py', 'x']\n"


def test_a_missing_file_is_told_as_by_python(tmp_path: Path) -> None:
    done = run(tmp_path, "python3", "missing.py")
    assert done.returncode == 2
    assert "can't open file" in done.stderr


def test_code_ends_with_its_exit_code(tmp_path: Path) -> None:
    assert run(tmp_path, "python3", "-c", "import sys; sys.exit(7)").returncode == 7


def test_a_traceback_begins_with_the_program(tmp_path: Path) -> None:
    done = run(tmp_path, "python3", "-c", "1 / 0")
    assert done.returncode == 1
    frames = [line.strip() for line in done.stderr.splitlines() if line.strip().startswith("File")]
    assert frames == ['File "<string>", line 1, in <module>']
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_output_can_be_unbuffered(tmp_path: Path) -> None:
    code = "import os; print('first'); os._exit(0)"
    assert run(tmp_path, "python3", "-c", code).stdout == ""
    assert run(tmp_path, "python3", "-u", "-c", code).stdout == "first\n"
    assert run(tmp_path, "python3", "-c", code, PYTHONUNBUFFERED="1").stdout == "first\n"
