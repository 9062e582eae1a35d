"""The folder of a run: private, and known to be dead as soon as its owner is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_k8snet import rundir
from pytest_k8snet.errors import UsageError
from pytest_k8snet.rundir import RunDir

OWNER = """
import sys
from pathlib import Path
from pytest_k8snet.rundir import RunDir

print(RunDir(Path(sys.argv[1])).path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "k8snet"


@contextmanager
def _owner(base: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process that owns a run."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", OWNER, str(base)], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_a_run_has_a_folder_that_only_its_user_can_read(base: Path) -> None:
    run = RunDir(base)
    assert run.path == base / run.run_id
    assert (base.stat().st_mode & 0o777, run.path.stat().st_mode & 0o777) == (0o700, 0o700)
    run.remove()


def test_nothing_is_left_of_the_last_run(base: Path) -> None:
    run = RunDir(base)
    (run.path / "embedded").mkdir()
    (run.path / "embedded" / "kubeconfig").touch()
    run.remove()
    assert not base.exists()


def test_a_run_that_ends_leaves_the_others_alone(base: Path) -> None:
    first, second = RunDir(base), RunDir(base)
    first.remove()
    assert [*base.iterdir()] == [second.path]
    second.remove()


def test_a_run_is_alive_as_long_as_its_owner(base: Path) -> None:
    run = RunDir(base)
    assert rundir.alive(run.path)
    assert rundir.abandoned(base) == []
    run.remove()
    assert not rundir.alive(run.path)


def test_a_run_is_dead_once_its_owner_was_killed(base: Path) -> None:
    with _owner(base) as (owner, path):
        assert rundir.alive(path)
        assert rundir.abandoned(base) == []
        owner.send_signal(signal.SIGKILL)
        owner.wait(10)
        assert not rundir.alive(path)
        assert rundir.abandoned(base) == [path]


def test_the_processes_that_an_owner_started_do_not_keep_its_run_alive(base: Path) -> None:
    child = "import subprocess; sleeper = subprocess.Popen(['sleep', '60']); print(sleeper.pid, flush=True)\n"
    command = [sys.executable, "-c", OWNER.replace("sys.stdin.read()", child + "sys.stdin.read()"), str(base)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        path, sleeper = (owner.stdout.readline().strip() for _ in range(2))
        owner.kill()
        owner.wait(10)
        try:
            assert rundir.abandoned(base) == [Path(path)]
        finally:
            os.kill(int(sleeper), signal.SIGKILL)


def test_no_runs_at_all_are_no_abandoned_runs(base: Path) -> None:
    assert rundir.abandoned(base) == []


def test_a_file_among_the_runs_is_no_run(base: Path) -> None:
    run = RunDir(base)
    (base / "note").touch()
    assert rundir.abandoned(base) == []
    run.remove()


def test_runs_that_begin_and_end_at_once_do_not_take_the_folder_from_each_other(base: Path) -> None:
    troubles: list[BaseException] = []

    def live() -> None:
        try:
            for _ in range(40):
                run = RunDir(base)
                assert rundir.alive(run.path)
                run.remove()
        except BaseException as error:
            troubles.append(error)

    threads = [threading.Thread(target=live) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        troubles += [AssertionError(f"{path} was taken for dead") for path in rundir.abandoned(base)]
    assert troubles == []
    assert not base.exists()


def _by_others(base: Path) -> None:
    base.mkdir()
    base.chmod(0o770)


def _by_link(base: Path) -> None:
    target = base.with_name("elsewhere")
    target.mkdir(mode=0o700)
    base.symlink_to(target)


def _by_broken_link(base: Path) -> None:
    base.symlink_to(base.with_name("nowhere"))


def _by_file(base: Path) -> None:
    base.touch()


@pytest.mark.parametrize("make", [_by_others, _by_link, _by_broken_link, _by_file])
@pytest.mark.parametrize("use", [RunDir, rundir.abandoned])
def test_a_folder_that_others_could_have_made_is_refused(
    base: Path, make: Callable[[Path], None], use: Callable[[Path], object]
) -> None:
    make(base)
    with pytest.raises(UsageError, match=f"{base} must be a folder of yours with mode 700") as refused:
        use(base)
    assert f"ls -ld {base}" in refused.value.hint


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("use", [RunDir, rundir.abandoned])
def test_a_folder_of_somebody_else_is_refused(base: Path, use: Callable[[Path], object]) -> None:
    base.mkdir(mode=0o700)
    os.chown(base, 65534, 65534)
    with pytest.raises(UsageError, match="must be a folder of yours"):
        use(base)


def test_a_folder_that_was_removed_beside_the_run_is_no_trouble(base: Path) -> None:
    run = RunDir(base)
    (run.path / rundir.LOCK).unlink()
    run.path.rmdir()
    base.rmdir()
    run.remove()
    assert not base.exists()


def test_the_folder_of_all_runs_is_in_the_users_runtime_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert rundir.parent() == tmp_path / "k8snet"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "nowhere"))
    assert rundir.parent().name == f"k8snet-{os.getuid()}"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert rundir.parent().name == f"k8snet-{os.getuid()}"
