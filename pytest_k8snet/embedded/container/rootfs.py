"""The file system of a container: the machine's own programs read-only, everything else its own and in memory."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from pytest_k8snet.embedded.container.spec import Bind, ContainerRoot
from pytest_k8snet.embedded.linux import (
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    enter_root,
    make_read_only,
    mount,
)

OWN = frozenset({"dev", "etc", "lost+found", "proc", "run", "sys", "tmp"})
"""Top-level folders that a container does not share with the machine."""

DEVICES = ("full", "null", "random", "tty", "urandom", "zero")
SCRATCH = "size=64m,mode=1777"


def enter_container_root(root: ContainerRoot) -> None:
    """Build the file system of ``root`` and make it that of this process, which has a mount namespace of its own."""
    base = Path(root.mount_point)
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    mount("container", base, "tmpfs", MS_NOSUID | MS_NODEV, "size=64m,mode=755")
    _share_machine(base)
    _make_own(base)
    for bind in (*_programs_out_of_sight(), *root.binds):
        _bind(base, bind)
    enter_root(base)


def _share_machine(base: Path) -> None:
    for entry in os.scandir("/"):
        if entry.name in OWN:
            continue
        if entry.is_symlink():
            (base / entry.name).symlink_to(os.readlink(entry.path))
        elif entry.is_dir():
            _bind(base, Bind(entry.path, entry.path))


def _make_own(base: Path) -> None:
    for name in ("dev", "etc", "proc", "run", "sys", "tmp"):
        (base / name).mkdir()
    (base / "tmp").chmod(0o1777)
    (base / "run/lock").mkdir(mode=0o1777)
    _overlay_with_links(base, Path("/etc"))
    for device in DEVICES:
        if Path("/dev", device).exists():
            _bind(base, Bind(f"/dev/{device}", f"/dev/{device}", read_only=False))
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (base / "dev" / name).symlink_to(f"/proc/self/{target}")
    (base / "dev/shm").mkdir(mode=0o1777)
    mount("proc", base / "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("sysfs", base / "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY)


def _overlay_with_links(base: Path, folder: Path) -> None:
    """Make ``folder`` of the machine writable for the container: a folder of links to the machine's entries."""
    hidden = Path("/.machine", "-".join(folder.parts[1:]))
    _bind(base, Bind(str(folder), str(hidden)))
    own = base.joinpath(*folder.parts[1:])
    for entry in os.scandir(folder):
        (own / entry.name).symlink_to(hidden / entry.name)


def _programs_out_of_sight() -> list[Bind]:
    """Python and this program, when they live in a folder that a container has of its own, such as /tmp."""
    places = {sys.prefix, sys.base_prefix, str(Path(__file__).resolve().parents[3])}
    return [Bind(place, place) for place in sorted(places) if Path(place).parts[1] in OWN]


def _bind(base: Path, bind: Bind) -> None:
    target = base.joinpath(*Path(bind.target).parts[1:])
    _make_place(base, target, stat.S_ISDIR(os.stat(bind.source).st_mode))
    mount(bind.source, target, flags=MS_BIND | MS_REC)
    if bind.read_only:
        make_read_only(target)


def _make_place(base: Path, target: Path, folder: bool) -> None:
    """Make the mount point, with own folders in place of those of the machine that cannot be written."""
    if target.is_dir() is folder and target.exists() and not target.is_symlink():
        return
    for parent in reversed(target.relative_to(base).parents):
        place = base / parent
        if place.is_symlink():
            own = Path("/", parent)
            place.unlink()
            place.mkdir()
            if own.is_dir():
                _overlay_with_links(base, own)
        elif place.exists() and not os.access(place, os.W_OK):
            mount("container", place, "tmpfs", MS_NOSUID | MS_NODEV, "size=16m,mode=755")
            _overlay_with_links(base, Path("/", parent))
        else:
            place.mkdir(exist_ok=True)
    if folder:
        if target.is_symlink():
            target.unlink()
        target.mkdir(exist_ok=True)
    else:
        target.unlink(missing_ok=True)
        target.touch()
