"""``python -m pytest_k8snet.standing_owner NAME NODES FAMILY NETWORK FAULTS_FROM``: owns a named cluster.

Started by ``standing.start``. It says one line, and goes on in the background until SIGTERM or the cluster's end.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import cast

from pytest_k8snet import standing
from pytest_k8snet.errors import K8sNetError, UsageError
from pytest_k8snet.providers.embedded import ClusterOptions, IpFamilies, PodNetworkName, Running, bring_up
from pytest_k8snet.rundir import RunDir
from pytest_k8snet.standing import About

ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(name: str, nodes: int, family: str, network: str, faults_from: str, domain: str) -> None:
    """Own a cluster from its start to its end."""
    for number in ENDS:
        signal.signal(number, _leave)
    try:
        folder = _folder(name)
        try:
            _own(folder.path, name, _options(nodes, family, network, faults_from, domain))
        finally:
            folder.remove()
    except K8sNetError as error:
        _say(standing.tell_error(error))


def _own(folder: Path, name: str, options: ClusterOptions) -> None:
    with bring_up(options, folder / standing.EMBEDDED) as running:
        try:
            _announce(folder, name, options, running)
            running.wait()
        finally:
            for number in ENDS:
                signal.signal(number, signal.SIG_IGN)  # it ends already


def _announce(folder: Path, name: str, options: ClusterOptions, running: Running) -> None:
    """Tell who started this; when nobody listens any more there shall be no cluster either."""
    about = About(
        name, os.getpid(), options.nodes, options.family, time.time(), str(running.kubeconfig), options.network
    )
    unfinished = folder / f"{standing.ABOUT}.new"
    unfinished.write_text(standing.tell_ready(about))
    unfinished.rename(folder / standing.ABOUT)
    _say(standing.tell_ready(about))
    log = os.open(folder / "owner.log", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)


def _folder(name: str) -> RunDir:
    path = standing.folder_of(name)
    try:
        return RunDir(path.parent, path.name)
    except FileExistsError:
        raise UsageError(f'the cluster "{name}" is there already', hint="Somebody has just started it.") from None


def _options(nodes: int, family: str, network: str, faults_from: str, domain: str) -> ClusterOptions:
    try:
        return ClusterOptions(
            nodes=nodes,
            family=cast(IpFamilies, family),
            network=cast(PodNetworkName, network),
            faults_from=faults_from,
            domain=domain,
        )
    except ValueError as error:
        raise UsageError(str(error)) from None


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    if os.fork() == 0:  # who started this need not wait for it, nor do processes here have a terminal
        os.chdir("/")
        main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
