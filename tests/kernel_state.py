"""What a command leaves in the kernel: ``python -m tests.kernel_state [OPTION...] COMMAND...``

Compares namespaces, links, addresses, routes, rules, mounts and processes before the command and after it. Says what
differs and exits with 1, with 0 when nothing does. With --kill-when FILE the command is killed by SIGKILL as soon as
that exists.

On a machine on which others work it must be the first process of namespaces of its own, which ``inside`` makes: there
nobody else comes and goes, and what the command leaves cannot hide.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

NAMESPACES = ("net", "mnt", "pid", "uts", "ipc", "user", "cgroup", "time")
TOOLS = {
    "link": ("ip", "-o", "link"),
    "address": ("ip", "-o", "address"),
    "route": ("ip", "route", "show", "table", "all"),
    "IPv6 route": ("ip", "-6", "route", "show", "table", "all"),
    "routing rule": ("ip", "rule"),
    "neighbour": ("ip", "neigh"),
    "queue": ("tc", "qdisc"),
    "packet rule": ("nft", "list", "ruleset"),
    "named namespace": ("ip", "netns"),
}

Entry = tuple[str, str]
"""A kind and a text, such as ("link", "1: lo: ...")."""


def inside(*command: str) -> list[str]:
    """Return the command line that runs a command, with its parents' environment, in a machine of its own."""
    root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    spaces = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return ["unshare", *root, *spaces, sys.executable, "-m", "tests.kernel_state", *command]


def state() -> set[Entry]:
    """Return what the kernel knows now, as this process sees it."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    found: set[Entry] = set()
    for kind, argv in TOOLS.items():
        done = subprocess.run(argv, env={"PATH": path}, capture_output=True, text=True, check=True)
        found |= {(kind, line) for line in done.stdout.splitlines()}
    found |= {("mount", line) for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    for process in Path("/proc").glob("[0-9]*"):
        found |= set(_of_process(process))
    return found


def _of_process(process: Path) -> list[Entry]:
    """A process and the namespaces that it is in; nothing when it has ended while we looked."""
    try:
        command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        spaces = [("namespace", os.readlink(process / "ns" / kind)) for kind in NAMESPACES]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [("process", f"{process.name} {command or '(zombie)'}"), *spaces]


def run(command: Sequence[str], kill_when: Path | None) -> None:
    """Run a command to its end, or to its death by our hand."""
    process = subprocess.Popen(command)
    while process.poll() is None:
        if kill_when and kill_when.exists():
            process.send_signal(signal.SIGKILL)
        time.sleep(0.01)
    ended = process.returncode
    wanted = -signal.SIGKILL if kill_when else 0
    if ended != wanted:
        sys.exit(f"the command ended with {ended}, not {wanted}")


def differences(before: set[Entry], patience: float) -> list[str]:
    """Return what is still not as before after ``patience`` in seconds: what a killed command has started may end."""
    deadline = time.monotonic() + patience
    while (after := state()) != before and time.monotonic() < deadline:
        _bury()
        time.sleep(0.05)
    return [
        *(f"left: {kind} {text}" for kind, text in sorted(after - before)),
        *(f"gone: {kind} {text}" for kind, text in sorted(before - after)),
    ]


def _bury() -> None:
    """Let orphans go that have ended: as the first process of a namespace we are the parent of all."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return


def main(arguments: Sequence[str]) -> int:
    """Compare, and say what differs."""
    parser = argparse.ArgumentParser(description="What does a command leave in the kernel?")
    parser.add_argument("--kill-when", type=Path, metavar="FILE")
    parser.add_argument("--patience", type=float, metavar="SECONDS", default=10.0)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args(arguments)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    before = state()
    run(given.command, given.kill_when)
    left = differences(before, given.patience)
    sys.stdout.write("\n".join(left or ["the kernel is as before"]) + "\n")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
