"""Embedded clusters that stand until they are told to end, each with a name and a process of its own that owns it.

<folder of all runs>/cluster-NAME/
  lock            held by the owner as long as it lives
  about.json      written by the owner when the cluster is ready
  owner.log       what the owner had to say after that
  embedded/       the files of the cluster; it removes them itself when its owner ends
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from pytest_k8snet import rundir
from pytest_k8snet.errors import K8sNetError, PreflightError, UsageError

PREFIX = "cluster-"
ABOUT = "about.json"
EMBEDDED = "embedded"
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")
END_SECONDS = 20.0
PACKAGE_PARENT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class About:
    """A cluster as its owner describes it. ``owner`` is a process id, ``started`` a Unix time in seconds."""

    name: str
    owner: int
    nodes: int
    family: str
    started: float
    kubeconfig: str
    network: str


@dataclass(frozen=True)
class Standing:
    """What is known of a named cluster. ``about`` is None while it starts, and of one that died then."""

    name: str
    alive: bool
    about: About | None


def folder_of(name: str) -> Path:
    """Return the folder of a named cluster. Raises UsageError for what cannot be a name."""
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the name of a cluster",
            hint="Use up to 40 lower-case letters, digits and hyphens between them.",
        )
    return rundir.parent() / f"{PREFIX}{name}"


def look(name: str) -> Standing | None:
    """Return what is known of a named cluster, None when there is none."""
    folder = folder_of(name)
    if not folder.is_dir():
        return None
    alive, note = folder not in rundir.abandoned(), folder / ABOUT
    return Standing(name, alive, About(**json.loads(note.read_text())) if note.is_file() else None)


def every() -> list[Standing]:
    """Return all named clusters of this user, by name."""
    names = sorted(path.name.removeprefix(PREFIX) for path in rundir.parent().glob(f"{PREFIX}*"))
    return [standing for name in names if NAME.fullmatch(name) and (standing := look(name))]


def need(name: str) -> Standing:
    """Return a named cluster. Raises UsageError when there is none."""
    if (standing := look(name)) is None:
        others = ", ".join(other.name for other in every())
        hint = f"There are: {others}" if others else f"Start it: k8snet cluster up --name {name}"
        raise UsageError(f'there is no cluster "{name}"', hint=hint)
    return standing


def start(name: str, nodes: int, family: str, network: str, faults_from: str, domain: str) -> About:
    """Start a cluster that stands until ``end``; it is ready when this returns.

    ``faults_from`` is a folder with faults of the user's own, "" for none; ``domain`` is the cluster domain.

    Raises:
        UsageError: there is one of that name already, or there cannot be one of that shape or with such faults.
        PreflightError: this machine cannot run it.

    """
    if (there := look(name)) and not there.alive:
        end(there)
    elif there:
        raise UsageError(
            f'the cluster "{name}" is there already',
            hint=f"Use it: k8snet cluster kubeconfig --name {name}; or end it: k8snet cluster down --name {name}",
        )
    done = subprocess.run(
        [sys.executable, "-m", "pytest_k8snet.standing_owner", name, str(nodes), family, network, faults_from, domain],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=PACKAGE_PARENT,
        start_new_session=True,
        text=True,
        check=False,
    )
    return heard(done.stdout)


def heard(output: str) -> About:
    """Return what an owner has said in its last line. Raises what it could not do, or that it died."""
    *_, line = output.strip().splitlines() or [""]
    try:
        message = json.loads(line)
    except json.JSONDecodeError:
        raise PreflightError(f"the cluster's owner ended while starting:\n{output.strip()}") from None
    if error := message.get("error"):
        kind = UsageError if message["usage"] else PreflightError
        raise kind(error, hint=message["hint"])
    return About(**message)


def tell_ready(about: About) -> str:
    """Return what the owner says to ``start`` when the cluster is ready."""
    return json.dumps(asdict(about))


def tell_error(error: K8sNetError) -> str:
    """Return what the owner says to ``start`` when there will be no cluster."""
    return json.dumps({"error": error.message, "hint": error.hint, "usage": isinstance(error, UsageError)})


def end(standing: Standing) -> None:
    """End a cluster, or remove what a dead one left; nothing of it is left when this returns. Raises PreflightError."""
    folder = folder_of(standing.name)
    if standing.alive and standing.about is not None:
        _terminate(standing.about.owner, folder)
    elif standing.alive:
        raise PreflightError(f'the cluster "{standing.name}" is just starting', hint="Try again in some seconds.")
    wait_until_ended(folder)
    rundir.remove_abandoned(folder)


def _terminate(owner: int, folder: Path) -> None:
    try:
        process = os.pidfd_open(owner)
    except ProcessLookupError:
        return
    try:
        # The lock is still held, so the process behind the descriptor is the owner and none that got its number.
        if not rundir.alive(folder):
            return
        signal.pidfd_send_signal(process, signal.SIGTERM)
        if not select.select([process], [], [], END_SECONDS)[0]:
            raise PreflightError(
                f"process {owner}, which owns the cluster, did not end in {END_SECONDS:g} s",
                hint=f"End it by force: kill -9 {owner}; then: k8snet sweep",
            )
    finally:
        os.close(process)


def wait_until_ended(folder: Path) -> None:
    """Wait until the processes of a cluster have noticed that its owner is gone, which they show by tidying up."""
    deadline = time.monotonic() + END_SECONDS
    while folder.name.startswith(PREFIX) and (folder / EMBEDDED).exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def is_gone(kubeconfig: str) -> bool:
    """Tell whether a kubeconfig was that of a named cluster which has ended, and all that was in it."""
    file = Path(kubeconfig)
    ours = file.parent.parent.name.startswith(PREFIX) and file.is_relative_to(rundir.parent())
    return ours and not file.exists()
