"""The private folder of one run: kubeconfig, state for the workers, certificates.

Its lock is held as long as the owner lives; the kernel frees it also after kill -9. So anyone can tell a live run
from what is left of one.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pytest_k8snet.errors import UsageError

LOCK = "lock"


def parent() -> Path:
    """Return the folder of all runs of this user, private to the user."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and os.access(runtime, os.W_OK):
        return Path(runtime) / "k8snet"
    return Path(tempfile.gettempdir()) / f"k8snet-{os.getuid()}"


def _private(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise UsageError(
            f"{folder} must be a folder of yours with mode 700",
            hint=f"Look who made it, then remove it: ls -ld {folder}",
        )


class RunDir:
    """A new folder for a run. Whoever makes it removes it."""

    def __init__(self, base: Path | None = None) -> None:
        self._parent = base or parent()
        _private(self._parent)
        self.run_id = secrets.token_hex(4)
        self.path = self._parent / self.run_id
        self.path.mkdir(mode=0o700)
        self._lock = os.open(self.path / LOCK, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Remove the folder and all that is in it, and the folder of all runs when it is empty."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)
        remove_if_empty(self._parent)


def remove_if_empty(folder: Path) -> None:
    """Remove a folder unless somebody still has something in it."""
    try:
        folder.rmdir()
    except OSError:
        if folder.exists() and not any(folder.iterdir()):
            raise


def abandoned(base: Path | None = None) -> Iterator[Path]:
    """Yield the folders of runs whose owner is gone."""
    folder = base or parent()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not alive(path):
            yield path


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
