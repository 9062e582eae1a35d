"""The private folder of one run: kubeconfig, state for the workers, certificates.

Its lock is held as long as the owner lives; the kernel frees it also after kill -9. So anyone can tell a live run
from what is left of one.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pytest_k8snet.errors import UsageError

LOCK = "lock"


def parent() -> Path:
    """Return the folder of all runs of this user, private to the user."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and os.access(runtime, os.W_OK):
        return Path(runtime) / "k8snet"
    return Path(tempfile.gettempdir()) / f"k8snet-{os.getuid()}"


def _demand_private(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise UsageError(
            f"{folder} must be a folder of yours with mode 700",
            hint=f"Look who made it, then remove it: ls -ld {folder}",
        )


class RunDir:
    """A new folder for a run. Whoever makes it removes it.

    Raises FileExistsError when there is one for the ``run_id``, which is made up when it is not given.
    """

    def __init__(self, base: Path | None = None, run_id: str = "") -> None:
        self._parent = base or parent()
        self.run_id = run_id or secrets.token_hex(4)
        self.path = self._parent / self.run_id
        self._lock = -1
        while self._lock < 0:
            self._lock = self._make()

    def _make(self) -> int:
        with suppress(FileExistsError):
            self._parent.mkdir(mode=0o700)
        try:
            with _alone_in(self._parent):
                self.path.mkdir(mode=0o700)
                lock = os.open(self.path / LOCK, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
                fcntl.flock(lock, fcntl.LOCK_EX)
                return lock
        except FileNotFoundError:  # the last of the other runs has just removed the folder of all runs
            return -1

    def keep(self) -> None:
        """Let go of the folder, for a sweep to find."""
        os.close(self._lock)

    def remove(self) -> None:
        """Remove the folder and all that is in it, and the folder of all runs when it is empty."""
        with suppress(FileNotFoundError), _alone_in(self._parent):
            shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)
        remove_if_empty(self._parent)


def remove_if_empty(folder: Path) -> None:
    """Remove a folder unless somebody still has something in it."""
    try:
        with _alone_in(folder):
            folder.rmdir()
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT}:
            raise


def abandoned(base: Path | None = None) -> list[Path]:
    """Return the folders of runs whose owner is gone. Raises UsageError when others could have put them there."""
    try:
        with _alone_in(folder := base or parent()):
            return [path for path in sorted(folder.iterdir()) if path.is_dir() and not alive(path)]
    except FileNotFoundError:
        return []


def remove_abandoned(path: Path) -> None:
    """Remove the folder of a run whose owner is gone; one that somebody has made anew meanwhile stays."""
    with suppress(FileNotFoundError), _alone_in(path.parent):
        if not alive(path):
            shutil.rmtree(path)
    remove_if_empty(path.parent)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder of all runs, so that a run that begins or ends is not taken for a dead one.

    Raises FileNotFoundError when there is no such folder.
    """
    _demand_private(folder)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not os.path.samestat(os.fstat(handle), folder.lstat()):
            raise FileNotFoundError(errno.ENOENT, "removed, and made anew, while this waited for it", str(folder))
        yield
    finally:
        os.close(handle)


def alive(path: Path) -> bool:
    """Tell whether the owner of a run's folder still lives."""
    try:
        lock = os.open(path / LOCK, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(lock)
