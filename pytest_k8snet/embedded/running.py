"""The owner's side: start a cluster, talk to it, end it."""

from __future__ import annotations

import base64
import json
import select
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from pytest_k8snet.embedded.machine import CannotStart, check_machine
from pytest_k8snet.embedded.options import ClusterOptions
from pytest_k8snet.errors import ApiError

PACKAGE_PARENT = Path(__file__).resolve().parents[2]
LOG = "cluster.log"


class Running:
    """A running cluster. It ends with ``stop``, or with this process, however this process ends."""

    def __init__(self, launcher: subprocess.Popen[bytes], kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self._launcher = launcher
        config = yaml.safe_load(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        self._server: str = cluster["server"]
        self._token: str = config["users"][0]["user"]["token"]
        self._context = ssl.create_default_context(cadata=_pem(cluster["certificate-authority-data"]))

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the cluster; when this returns nothing of it is left. Doing it twice is fine."""
        assert self._launcher.stdin is not None
        assert self._launcher.stdout is not None
        self._launcher.stdin.close()
        self._launcher.stdout.read()  # ends when launcher, init and sweeper have all closed it
        self._launcher.stdout.close()
        self._launcher.wait()

    def faults(self) -> list[str]:
        """Return the names of all faults that can be injected."""
        return [fault["name"] for fault in self._request("GET", "")["items"]]

    def inject(self, name: str) -> None:
        """Put a fault into the cluster; it is in when this returns."""
        self._request("POST", f"/{name}")

    def restore(self, name: str) -> None:
        """Take a fault out again; all is as before when this returns."""
        self._request("DELETE", f"/{name}")

    def _request(self, method: str, path: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}"}
        request = urllib.request.Request(f"{self._server}/k8snet/faults{path}", headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=30) as response:
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read().decode(errors="replace")
            raise ApiError(f"{method} fault {path.strip('/')}: {_message(said)}", status=error.code) from error
        return answer


def _message(body: str) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body


def launch(options: ClusterOptions, run_dir: Path) -> Running:
    """Start a cluster whose files are in ``run_dir``; the API answers when this returns.

    The folder is made when it is missing, and is removed at the end of the cluster. Raises CannotStart, an OSError
    whose message is a sentence with the next step.
    """
    check_machine()
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    run_dir = run_dir.resolve()
    with (run_dir / LOG).open("wb") as log:
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
            raise CannotStart(message.get("error") or _log_tail(run_dir))
        return Running(launcher, Path(message["kubeconfig"]))
    except BaseException:
        _abandon(launcher, run_dir)
        raise


def _first_message(launcher: subprocess.Popen[bytes], timeout: float) -> dict[str, str]:
    assert launcher.stdout is not None
    ready, _, _ = select.select([launcher.stdout], [], [], timeout)
    if not ready:
        raise CannotStart(f"the embedded cluster was not ready after {timeout:g} s: give it longer, or look for load")
    line = launcher.stdout.readline()
    message: dict[str, str] = json.loads(line) if line else {}
    return message


def _log_tail(run_dir: Path) -> str:
    path = run_dir / LOG
    lines = path.read_text(errors="replace").splitlines()[-5:] if path.exists() else []
    return "the embedded cluster ended while starting: " + (" | ".join(lines) or "it said nothing")


def _abandon(launcher: subprocess.Popen[bytes], run_dir: Path) -> None:
    assert launcher.stdin is not None
    assert launcher.stdout is not None
    launcher.stdin.close()
    launcher.wait()
    launcher.stdout.close()
    shutil.rmtree(run_dir, ignore_errors=True)


def _pem(encoded: str) -> str:
    return base64.b64decode(encoded).decode()
