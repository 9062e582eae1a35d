"""The owner's side: start a cluster, talk to it, end it."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pytest_k8snet.embedded import logfile
from pytest_k8snet.embedded.fault_files import FaultFileError
from pytest_k8snet.embedded.kubeconfig import read_kubeconfig
from pytest_k8snet.embedded.machine import CannotStart, check_machine
from pytest_k8snet.embedded.options import ClusterOptions

if TYPE_CHECKING:
    from pytest_k8snet.embedded.faults_client import FaultsClient

PACKAGE_PARENT = Path(__file__).resolve().parents[2]


class Running:
    """A running cluster. It ends with ``stop``, or with this process, however this process ends."""

    def __init__(self, launcher: subprocess.Popen[bytes], message: Mapping[str, Any]) -> None:
        """``message`` is what the cluster announced when its API answered."""
        self.kubeconfig = Path(message["kubeconfig"])
        self._launcher = launcher
        self._last: int | None = os.pidfd_open(message["sweeper"])
        self._api: tuple[str, str, str] = (message["server"], message["token"], message["ca"])

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the cluster; when this returns nothing of it is left. Doing it twice is fine."""
        _end(self._launcher)
        if self._last is not None:
            # Its pipes are closed a moment before a process has ended.
            select.select([self._last], [], [])
            os.close(self._last)
            self._last = None

    def wait(self) -> None:
        """Return when the cluster has ended, however that came about."""
        self._launcher.wait()

    def inject(self, name: str) -> None:
        """Put a fault into the cluster; it is in when this returns. Raises FaultError."""
        self.faults().inject(name)

    def restore(self, name: str) -> None:
        """Take a fault out again; all is as before when this returns. Raises FaultError."""
        self.faults().restore(name)

    def faults(self) -> FaultsClient:
        """Return the way to the faults of the cluster."""
        return _client(*self._api)


def launch(options: ClusterOptions, run_dir: Path) -> Running:
    """Start a cluster whose files are in ``run_dir``; the API answers when this returns.

    The folder is made when it is missing, and is removed at the end of the cluster. Raises CannotStart, an OSError
    whose message is a sentence with the next step, or FaultFileError for a file of ``options.faults_from``.
    """
    check_machine(network=options.network)
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    run_dir = run_dir.resolve()
    with (run_dir / logfile.NAME).open("wb") as log:
        launcher = subprocess.Popen(
            [sys.executable, "-m", "pytest_k8snet.embedded", options.to_json(), str(run_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=PACKAGE_PARENT,
            start_new_session=True,
        )
    try:
        message = _first_message(launcher, options.start_timeout)
        if "kubeconfig" not in message:
            error = message.get("error") or logfile.last_words(run_dir)
            raise FaultFileError(error) if "file" in message else CannotStart(error)
    except BaseException:
        _end(launcher)
        shutil.rmtree(run_dir, ignore_errors=True)
        raise
    return Running(launcher, message)


def faults_of(kubeconfig: Path) -> FaultsClient:
    """Return the way to the faults of the cluster whose kubeconfig this is. Raises OSError."""
    return _client(*read_kubeconfig(kubeconfig))


def _client(server: str, token: str, ca: str) -> FaultsClient:
    # Not at the top: every process of the cluster imports this package, and none of them is its own client.
    from pytest_k8snet.embedded.faults_client import FaultsClient

    return FaultsClient(server, token, ca)


def _first_message(launcher: subprocess.Popen[bytes], timeout: float) -> dict[str, Any]:
    assert launcher.stdout is not None
    ready, _, _ = select.select([launcher.stdout], [], [], timeout)
    if not ready:
        raise CannotStart(f"the embedded cluster was not ready after {timeout:g} s: give it longer, or look for load")
    line = launcher.stdout.readline()
    message: dict[str, Any] = json.loads(line) if line else {}
    return message


def _end(launcher: subprocess.Popen[bytes]) -> None:
    """Close the owner's end of the launcher's pipes, and wait until its processes have closed theirs: by ending."""
    assert launcher.stdin is not None
    assert launcher.stdout is not None
    launcher.stdin.close()
    if not launcher.stdout.closed:
        launcher.stdout.read()
        launcher.stdout.close()
    launcher.wait()
