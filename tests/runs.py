"""Runs of pytest with the plugin as processes of their own, and whether anything of one is left on this machine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema

import pytest_k8snet.report

SCHEMA = json.loads((Path(pytest_k8snet.report.__file__).parent / "report-1.schema.json").read_text())

# Says when it is there, and stays until it is told to go on.
LINGERS = """
import pathlib, time
def test_lingers(k8snet_cluster, k8snet_namespace):
    k8snet_namespace.pod("of-its-own")
    pathlib.Path("lingering").touch()
    while not pathlib.Path("go-on").exists():
        time.sleep(0.01)
def test_after_it(k8snet_cluster):
    pass
"""


class Session:
    """A pytest of its own: in a session (as in a terminal), a folder and a temporary folder of its own."""

    def __init__(self, folder: Path, *arguments: str, files: Mapping[str, str], prefix: Sequence[str] = ()) -> None:
        self.folder = folder / "project"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        self.folder.mkdir()
        for name, text in {"pytest.ini": "[pytest]\n", **files}.items():
            (self.folder / name).write_text(text)
        self._output = folder / "output"
        self._env = {
            name: value for name, value in os.environ.items() if not name.startswith(("K8SNET_", "KUBECONFIG"))
        }
        # Not that of a user: the folder of all runs would be there.
        self._env |= {"TMPDIR": str(self.temporary), "XDG_RUNTIME_DIR": "", "PYTHONUNBUFFERED": "1"}
        self._prefix = prefix
        self._footprint: Footprint | None = None
        self._begin(arguments)

    def again(self, *arguments: str) -> Session:
        """Start another pytest in the same folders."""
        self._begin(arguments)
        return self

    def _begin(self, arguments: Sequence[str]) -> None:
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [*self._prefix, sys.executable, "-m", "pytest", "--k8snet", *arguments],
                cwd=self.folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.look()

    @property
    def text(self) -> str:
        return self._output.read_text()

    @property
    def run_id(self) -> str:
        found = re.search(r"k8snet: run ([0-9a-f]{8}),", self.text)
        assert found, self.text
        return found[1]

    @property
    def report(self) -> dict[str, Any]:
        """The report, which is valid."""
        report: dict[str, Any] = json.loads((self.folder / "k8snet-report" / "report.json").read_bytes())
        jsonschema.validate(report, SCHEMA)
        return report

    def wait_for(self, what: str | Callable[[], object], seconds: float = 180.0) -> None:
        """Wait for a text in the output, or until something is true."""
        deadline = time.monotonic() + seconds
        ended = False
        while not (what in self.text if isinstance(what, str) else what()):
            assert not ended, f"ended without {what!r}:\n{self.text}"
            ended = self.process.poll() is not None
            assert time.monotonic() < deadline, f"no {what!r} in {seconds} s:\n{self.text}"
            time.sleep(0.005)
        self.look()

    def wait_until_it_lingers(self) -> None:
        self.wait_for((self.folder / "lingering").exists)

    def go_on(self) -> None:
        (self.folder / "go-on").touch()

    def look(self) -> None:
        """Note which processes belong to it now."""
        self._footprint = Footprint(self.process.pid, self._footprint)

    def signal(self, number: int, *, to_all: bool = False) -> None:
        """Send a signal to pytest; ``to_all`` as Ctrl-C in a terminal does, to xdist's workers too."""
        self.look()
        if to_all:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def ctrl_c(self) -> None:
        self.signal(signal.SIGINT, to_all=True)

    def finish(self, seconds: float = 240.0) -> int:
        """Wait for the end and return the exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still runs after {seconds} s:\n{self.text}") from None

    def left(self, patience: float = 2.0) -> list[str]:
        """Return what is left of it on this machine after ``patience`` in seconds."""
        assert self._footprint
        deadline = time.monotonic() + patience
        while (
            found := [*self._footprint.left(str(self.temporary)), *self._files(), *self._mounts()]
        ) and time.monotonic() < deadline:
            time.sleep(0.02)
        return found

    def sweep(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``k8snet sweep`` as its user would."""
        code = "import sys; from pytest_k8snet.cli import main; sys.exit(main(sys.argv[1:]))"
        command = [sys.executable, "-c", code, "sweep", *arguments]
        return subprocess.run(command, env=self._env, capture_output=True, text=True, timeout=120)

    def kill(self) -> None:
        """End it, whatever its state."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _files(self) -> Iterator[str]:
        for path in self.temporary.iterdir():
            if not path.name.startswith("pytest-of-"):  # pytest's own, kept on purpose
                yield from (f"file {found}" for found in (path, *path.rglob("*")))

    def _mounts(self) -> Iterator[str]:
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        return (f"mount {line}" for line in mounts if str(self.temporary) in line)


class Footprint:
    """The processes below one, by pid and start."""

    def __init__(self, pid: int, before: Footprint | None = None) -> None:
        self._processes: set[tuple[int, str]] = before._processes if before else set()
        children: dict[int, list[int]] = {}
        for other in _pids():
            if parent := _stat(other, 1):
                children.setdefault(int(parent), []).append(other)
        below = [pid]
        for one in below:
            below += children.get(one, [])
            if born := _stat(one, 19):
                self._processes.add((one, born))

    def left(self, mark: str) -> Iterator[str]:
        """Say which of the processes still run, and which others have ``mark`` in their environment.

        The processes of a cluster that change it are in its PID namespace, and end with the first of that. Linux
        namespaces without a process live only by a mount; their numbers are given again to others at once.
        """
        for pid in _pids():
            mine = (pid, _stat(pid, 19)) in self._processes or mark in _read(pid, "environ")
            if mine and _stat(pid, 0) not in ("Z", ""):
                yield f"process {pid} {_read(pid, 'cmdline')}"


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _stat(pid: int, field: int) -> str:
    """Return a field of /proc/PID/stat, counted from the state; "" when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[field]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace").replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
